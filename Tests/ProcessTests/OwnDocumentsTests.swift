// What lbd serves itself.

import Testing

@Suite struct OwnDocumentsTests {
  @Test(arguments: [
    ("/docs", "text/html"), ("/openapi.json", "application/json"),
    ("/docs/pool", "application/json"),
  ])
  func `lbd answers its own documents`(_ path: String, _ type: String) throws {
    let stage = try Stage(replicas: 1)
    let connection = try stage.connect()
    let answer = try connection.get(path)
    #expect(answer.status == 200 && !answer.body.isEmpty)
    #expect(answer["content-type"]?.hasPrefix(type) == true)
    // None of it is a replica's turn, and the connection goes on.
    #expect(try connection.get("/getInfo").port == stage.names[0])
  }

  @Test func `they are there when no replica is`() throws {
    let stage = try Stage()
    try stage.writeConf(ports: [try stage.reservePort()])
    try stage.launch()
    #expect(try stage.connect().get("/docs").status == 200)
    let pool = try stage.connect().get("/docs/pool")
    #expect(pool.status == 200 && pool.text.contains(#""pools":[{"name":"default""#))
  }

  @Test(arguments: ["/docs", "/openapi.json", "/docs/pool"])
  func `HEAD of a document has its length and no body`(_ path: String) throws {
    let stage = try Stage(replicas: 1)
    let connection = try stage.connect()
    let length = try connection.get(path).body.count
    for _ in 0..<3 {
      try connection.send("HEAD \(path) HTTP/1.1\r\nHost: test\r\n\r\n")
      let head = try connection.answer(toHead: true)
      #expect(head.status == 200 && head["content-type"] != nil)
      // The pool's state is said in figures, whose lengths change.
      let stated = head["content-length"].flatMap { Int($0) } ?? 0
      #expect(path == "/docs/pool" ? stated > 0 : stated == length)
    }
    #expect(try connection.get(path).status == 200)
    #expect(try connection.get("/getInfo").status == 200)
  }

  @Test func `docs = off passes them to the replicas`() throws {
    let stage = try Stage(replicas: 1, lbd: "docs = off")
    #expect(try stage.connect().get("/docs").status == 404)
  }
}
