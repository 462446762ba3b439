// Anonymous memory straight from the kernel. A page costs nothing until it is touched, so a table
// can be reserved for the most that the limits allow and still weigh only what is in use.

import CLinux
import Glibc

/// The single owner of a zero-filled anonymous mapping; unmaps it at the end of its life.
@safe
package struct Mapping: ~Copyable {
  /// The first byte, aligned to a page.
  package let base: UnsafeMutableRawPointer
  /// The mapping's length in bytes, a multiple of the page.
  package let length: Int

  /// The page that mappings here are rounded up to, in bytes.
  package static let page = 4096

  /// Reserves at least `length` zero bytes. A refusal ends the process: it means that the limits
  /// admitted at start do not fit this machine, and there is nothing to go on with.
  package init(length: Int) {
    let rounded = max(1, (length + Mapping.page - 1) / Mapping.page) * Mapping.page
    let base = unsafe mmap(
      nil, rounded, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
    guard let base = unsafe base, unsafe base != MAP_FAILED else {
      fatalError("no memory for a table of \(rounded) bytes: \(SystemError.text(errno))")
    }
    unsafe self.base = base
    self.length = rounded
  }

  deinit {
    // Safe: base and length are the mapping's own, and every user of it is a member of its owner.
    unsafe munmap(base, length)
  }

  /// Lets go of the pages of this program's code and constants: what is used again comes back from its
  /// file, page by page, and what only the start needed does not. For the end of a start, and of a
  /// reload.
  package static func forgetCode() {
    let first = (UInt(lbd_code_start()) + UInt(page) - 1) / UInt(page) * UInt(page)
    let last = UInt(lbd_code_end()) / UInt(page) * UInt(page)
    guard first < last, let start = unsafe UnsafeMutableRawPointer(bitPattern: first) else {
      return
    }
    // Safe: nothing in this range is ever written, not even its addresses when the program starts, so
    // that its pages are as they are in the file.
    _ = unsafe madvise(start, Int(last - first), MADV_DONTNEED)
  }

  /// Gives the whole pages inside `offset ..< offset + count` back to the kernel; they read as
  /// zero afterwards.
  package func discard(offset: Int, count: Int) {
    let first = (offset + Mapping.page - 1) / Mapping.page * Mapping.page
    let last = min(offset + count, length) / Mapping.page * Mapping.page
    guard first < last else { return }
    _ = unsafe madvise(base + first, last - first, MADV_DONTNEED)
  }
}
