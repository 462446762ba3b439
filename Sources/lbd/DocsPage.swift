// The page at /docs.

import Proxy

enum DocsPage {
  static let pages = Pages(docs: Array("docs".utf8), openAPI: Array("{}".utf8))
}
