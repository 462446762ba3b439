// What HTTPWire makes of messages, for a judge from outside: reads one message a line, its kind and
// its bytes in hexadecimal, and answers each with one line. `q` is a request, `s` a response to GET,
// `h` one to HEAD, `c` a chunked body. All answers are there when the input has ended.
//
//     refused STATUS REASON
//     incomplete
//     request LENGTH VERSION PERSISTENT CONTINUE FRAMING METHOD TARGET NAME=VALUE...
//     response LENGTH VERSION PERSISTENT FRAMING STATUS REASON NAME=VALUE...
//     chunked LENGTH DATA NORMAL
//
// LENGTH is the head's or the body's, FRAMING is `none`, `length:N`, `chunked` or `close`, NORMAL is
// the body as it would go on; texts are hexadecimal, names in small letters.

import HTTPWire

@main
enum Main {
  static func main() {
    while let line = readLine() {
      guard let message = Message(line) else { fatalError("not a message: \(line)") }
      print(message.answer())
    }
  }
}
