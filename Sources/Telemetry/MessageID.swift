// What the journal calls each kind of event: fixed for ever, so that `journalctl MESSAGE_ID=…` finds
// all of one kind over releases.

/// The ids of the events, by what the log's field `event` says. docs/log.md lists them.
enum MessageID {
  static let all = [
    "start": "c8a1d1eac8f845a0ae3139aedbad493b",
    "drain": "b74c6b3224e94d388aab516728ff1f2b",
    "stop": "866340eb83694b8ca8d72967b6070a91",
    "state": "5db92443713d4d75ad94029b2265319f",
    "resolved": "ae4f539a67244e15817f8c874032c464",
    "unresolved": "62d34ade3f3b4fa88c1bd9d3fede2986",
    "limits": "d8592858faa44b92ac9a1bae8dc42e70",
    "limit-met": "00621d8c3b6b4b97aaf9ab870fcaccb3",
    "probe-doubt": "7fae6a2fcae4454a8c61056794307cb6",
    "answered": "e476649e2f8145f48b72df59365560af",
    "access-log": "281fed1bbf19428db64c174f3831df32",
    "reopened": "e085e0c7db5a4e47893d4470c7a47a5c",
    "reload": "3c0b8ea8541e464097476ce1b2502c11",
    "reload-refused": "517f97c3f474498bb75932521b09b136",
    "order": "438f7b72113a42ca9098fa6076ed6586",
    "state-loaded": "7267f9af73e14d04818253b5af36cd1e",
    "state-refused": "ad946e0ead674a61b6204ab43ff1de91",
    "state-not-kept": "0437e4d152be484ca875568a7d25268f",
    "control-exposed": "c71c66cdaf2e65bd9b32abf129d279e3",
    "control-socket": "74227dfd52c92f8c0a120914c434b15d",
    "takeover": "0ed566304f644d4297f0a03b972c3d5f",
    "upgrade": "60a0bfff2c27485abc2bce5acbb4be43",
    "added": "79333955ba0247e18a6073655ae5e211",
    "removed": "b8ff5c2e55ae4ee2b657b6071ad7de9b",
  ]
}
