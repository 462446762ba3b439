// What lbd serves itself, where the conf says so, and how much of it to whom.

import TestSupport
import Testing

@Suite(.waiting) struct OwnDocumentsTests {
  private static let paths = ["/docs", "/openapi.json", "/docs/pool"]

  @Test(arguments: zip(paths, ["text/html", "application/json", "application/json"]))
  func `lbd answers its own documents`(_ path: String, _ type: String) throws {
    let stage = try Stage(replicas: 1, lbd: "docs = on")
    let connection = try stage.connect()
    let answer = try connection.get(path)
    #expect(answer.status == 200 && !answer.body.isEmpty)
    #expect(answer["content-type"]?.hasPrefix(type) == true)
    // None of it is a replica's turn, and the connection goes on.
    #expect(try connection.get("/getInfo").port == stage.names[0])
  }

  @Test func `they are there when no replica is`() throws {
    let stage = try Stage()
    try stage.writeConf(ports: [try stage.reservePort()], lbd: "docs = on")
    try stage.launch()
    #expect(try stage.connect().get("/docs").status == 200)
    let pool = try stage.connect().get("/docs/pool")
    #expect(pool.status == 200 && pool.text.contains(#""pools":[{"name":"default""#))
  }

  @Test(arguments: paths, ["test", "127.0.0.1"])
  func `HEAD of a document has its length and no body`(_ path: String, _ host: String) throws {
    let stage = try Stage(replicas: 1, lbd: "docs = on")
    let connection = try stage.connect()
    try connection.send("GET \(path) HTTP/1.1\r\nHost: \(host)\r\n\r\n")
    let length = try connection.answer().body.count
    for _ in 0..<3 {
      try connection.send("HEAD \(path) HTTP/1.1\r\nHost: \(host)\r\n\r\n")
      let head = try connection.answer(toHead: true)
      #expect(head.status == 200 && head["content-type"] != nil)
      // The pool's state is said in figures, whose lengths change.
      let stated = head["content-length"].flatMap { Int($0) } ?? 0
      #expect(path == "/docs/pool" ? stated > 0 : stated == length)
    }
    #expect(try connection.get(path).status == 200)
    #expect(try connection.get("/getInfo").status == 200)
  }

  // MARK: Whose paths they are

  /// An app that has documents of its own at lbd's paths.
  private func app() throws -> ScriptedReplica {
    try ScriptedReplica { request, connection in
      let target = request.split(separator: " ")[1]
      try connection.send(
        "HTTP/1.1 200 OK\r\nContent-Length: \(target.utf8.count + 4)\r\n\r\napp \(target)")
      return .keep
    }
  }

  @Test(arguments: ["", "docs = off"])
  func `an app's own documents are seen unless the conf puts lbd's in their place`(
    _ setting: String
  ) throws {
    let app = try app()
    let stage = try Stage(scripted: [app], lbd: setting)
    for path in Self.paths + ["/docs/"] {
      #expect(try stage.connect().get(path).text == "app \(path)")
    }
    #expect(try !stage.lbctl("pool", "--json").output.contains("/docs"))
  }

  @Test(arguments: ["on", "full"])
  func `what is not lbd's stays the app's`(_ docs: String) throws {
    let app = try app()
    let stage = try Stage(scripted: [app], lbd: "docs = \(docs)")
    for path in ["/docs/pool/all", "/docs/pool/", "/docs/x", "/openapi.jsonx", "/Docs"] {
      #expect(try stage.connect().get(path).text == "app \(path)")
    }
    #expect(try stage.connect().post("/docs/pool", "x").text == "app /docs/pool")
  }

  // MARK: Who is told what

  /// What everyone is told.
  private func names(_ stage: Stage) -> String {
    let replicas = stage.names.map { #"{"name":"\#($0)","state":"up"}"# }
    return #"{"schema":1,"pools":[{"name":"default","replicas":["#
      + replicas.joined(separator: ",") + "]}]}"
  }

  private func tellsAll(_ answer: Answer) -> Bool {
    ["\"pid\":", "\"listener\":", "\"address\":", "\"check\":", "\"test_token\":\"\""].allSatisfy {
      answer.text.contains($0)
    }
  }

  private func ask(
    _ stage: Stage, host: String, _ fields: String = "", version: String = "1.1",
    after first: String = ""
  ) throws -> Answer {
    let connection = try stage.connect()
    try connection.send(
      "\(first)GET /docs/pool HTTP/\(version)\r\nHost: \(host)\r\n\(fields)\r\n")
    return try connection.answer()
  }

  @Test func `a client on this machine is told all about the pool`() throws {
    let stage = try Stage(replicas: 2, lbd: "docs = on")
    for host in [
      "127.0.0.1", "localhost", "LocalHost:8080", "127.0.0.1:\(stage.mainPort)", "[::1]",
    ] {
      let answer = try ask(stage, host: host)
      #expect(answer.status == 200 && tellsAll(answer), "\(host): \(answer.text)")
    }
    // A browser's fields are no proxy's.
    let fields =
      "User-Agent: x\r\nAccept: */*\r\nReferer: http://localhost/docs\r\nCookie: a=b\r\n"
      + "Sec-Fetch-Site: same-origin\r\nConnection: keep-alive\r\n"
    #expect(tellsAll(try ask(stage, host: "localhost:8080", fields)))
  }

  /// What a proxy on this machine adds for a client that may be anyone.
  static let proxyFields = [
    "X-Forwarded-For: 203.0.113.9", "X-Forwarded-For: 127.0.0.1", "x-forwarded-for: ",
    "Forwarded: for=203.0.113.9", "Forwarded: for=127.0.0.1", "X-Real-IP: 203.0.113.9",
    "X-Forwarded-Proto: https", "X-Forwarded-Host: localhost", "X-Forwarded-Server: x",
    "Via: 1.1 proxy", "X_Forwarded_For: 127.0.0.1",
  ]

  @Test(arguments: proxyFields)
  func `who comes through a proxy on this machine is told names and states only`(_ field: String)
    throws
  {
    for trusted in ["none", "127.0.0.1"] {
      let stage = try Stage(
        replicas: 1, lbd: "docs = on", sections: "[forward]\ntrusted_proxies = \(trusted)\n")
      #expect(try ask(stage, host: "localhost", field + "\r\n").text == names(stage))
    }
  }

  @Test func `who is not known to be on this machine is told names and states only`() throws {
    let stage = try Stage(replicas: 2, lbd: "docs = on")
    // A page of another site whose name leads here, and a proxy that passes its site's name on.
    for host in ["example.com", "localhost.example.com", "127.0.0.1.example", "10.0.0.1", "[::2]"] {
      #expect(try ask(stage, host: host).text == names(stage), "\(host)")
    }
    // A proxy that says nothing of its clients.
    #expect(try ask(stage, host: "127.0.0.1", version: "1.0").text == names(stage))
    let connection = try stage.connect()
    try connection.send("GET http://127.0.0.1/docs/pool HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    #expect(try connection.answer().text == names(stage))
    try connection.send("HEAD /docs/pool HTTP/1.1\r\nHost: test\r\n\r\n")
    let head = try connection.answer(toHead: true)
    #expect(head["content-length"] == "\(names(stage).utf8.count)")
  }

  @Test(arguments: [
    "", "PROXY TCP4 203.0.113.9 127.0.0.1 5 80\r\n", "PROXY TCP4 127.0.0.1 127.0.0.1 5 80\r\n",
    "PROXY TCP6 ::1 ::1 5 80\r\n", "PROXY UNKNOWN\r\n",
  ])
  func `a trusted proxy's clients are told names and states only, whoever it says they are`(
    _ header: String
  ) throws {
    let stage = try Stage(
      replicas: 1, lbd: "docs = on", sections: "[forward]\ntrusted_proxies = 127.0.0.1\n")
    #expect(try ask(stage, host: "127.0.0.1", after: header).text == names(stage))
  }

  @Test func `with docs = full everyone is told all, and a reload changes it`() throws {
    let stage = try Stage(replicas: 1, lbd: "docs = full")
    let connection = try stage.connect()
    #expect(tellsAll(try connection.get("/docs/pool", "X-Forwarded-For: 203.0.113.9\r\n")))
    #expect(tellsAll(try ask(stage, host: "example.com", version: "1.0")))
    for (docs, isRight) in [
      ("on", { $0.text == self.names(stage) }), ("off", { $0.status == 404 }),
      ("full", { self.tellsAll($0) }),
    ] as [(String, (Answer) -> Bool)] {
      try stage.writeConf(ports: stage.ports, lbd: "docs = \(docs)")
      #expect(try stage.lbctl("reload").status == 0)
      // On connections that are open, too: a worker adopts it with its next batch of events.
      try eventually("docs = \(docs) is in force") { isRight(try connection.get("/docs/pool")) }
    }
  }

  @Test func `a replica that is called by its address is not named by it`() throws {
    let stage = try Stage(replicas: 1, lbd: "docs = on")
    // Its port is a name that is taken.
    #expect(try stage.lbctl("add", "127.0.0.9:\(stage.names[0])").status == 0)
    let text = try ask(stage, host: "test").text
    #expect(text.contains(#"{"name":"replica 2","state":""#) && !text.contains("127."), "\(text)")
  }
}
