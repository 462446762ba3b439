// The description of getInfo at /openapi.json, for tools that make clients of it. What else the
// replicas answer is their own affair: lbd passes it on and does not know it.

import ControlProtocol

/// OpenAPI 3.1 as text.
package enum OpenAPIDescription {
  /// The document as it goes over the wire.
  package static let bytes = Array(json.utf8)

  static let json = """
    {
      "openapi": "3.1.0",
      "info": {
        "title": "lbd",
        "summary": "An HTTP load balancer and what its demo replicas answer",
        "version": "\(Release.version)"
      },
      "servers": [{"url": "/"}],
      "paths": {
        "/getInfo": {
          "get": {
            "summary": "Get Info",
            "description": "The next replica in turn says its message and its port.",
            "operationId": "getInfo",
            "responses": {
              "200": {
                "description": "A replica's answer",
                "content": {
                  "application/json": {
                    "schema": {"$ref": "#/components/schemas/Info"},
                    "example": {"message": "necessary info", "port": "8081"}
                  }
                }
              },
              "503": {
                "description": "No replica is available",
                "headers": {
                  "Retry-After": {
                    "description": "Seconds until it is worth another try",
                    "schema": {"type": "integer"}
                  }
                },
                "content": {
                  "application/json": {
                    "schema": {"$ref": "#/components/schemas/Detail"},
                    "example": {"detail": "no replica is available"}
                  }
                }
              }
            }
          }
        }
      },
      "components": {
        "schemas": {
          "Info": {
            "title": "Info",
            "type": "object",
            "required": ["message", "port"],
            "properties": {
              "message": {"type": "string"},
              "port": {"type": "string"}
            }
          },
          "Detail": {
            "title": "Detail",
            "type": "object",
            "required": ["detail"],
            "properties": {
              "detail": {"type": "string"}
            }
          }
        }
      }
    }

    """
}
