// The Linux calls that Swift's Glibc module leaves out. Header only, so the package needs no C
// compiler settings. _GNU_SOURCE stays undefined: with it, this module's view of the C library's
// types differs from Glibc's and importing both fails. What only _GNU_SOURCE would declare is
// declared here by hand, as glibc does.
#ifndef CLINUX_H
#define CLINUX_H

#include <errno.h>
#include <netinet/in.h>
#include <spawn.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

extern int accept4(int socket, struct sockaddr *address, socklen_t *length, int flags);
extern int pipe2(int ends[2], int flags);
extern int posix_spawn_file_actions_addclosefrom_np(posix_spawn_file_actions_t *actions, int from);
extern int sched_getaffinity(pid_t pid, size_t size, void *set);
extern int __nss_configure_lookup(const char *database, const char *services);
extern int pthread_setname_np(unsigned long thread, const char *name);

// recv and send as the kernel has them. The C library's own are points where a thread may be cancelled,
// which costs two locked instructions each in a process with threads; none here is ever cancelled.
static inline long lbd_recv(int socket, void *bytes, size_t count, int flags) {
  return syscall(SYS_recvfrom, socket, bytes, count, flags, (void *)0, (void *)0);
}
static inline long lbd_send(int socket, const void *bytes, size_t count, int flags) {
  return syscall(SYS_sendto, socket, bytes, count, flags, (void *)0, 0);
}

// Where the linker has put what of the program is never written: its constants and its code.
extern const char __executable_start[];
extern const char etext[];
static inline uintptr_t lbd_code_start(void) { return (uintptr_t)__executable_start; }
static inline uintptr_t lbd_code_end(void) { return (uintptr_t)etext; }

// Sends a datagram that carries one descriptor; the receiver gets a duplicate of it.
static inline long lbd_send_descriptor(int socket, const struct sockaddr *to, socklen_t length,
                                       const void *bytes, size_t count, int descriptor) {
  union {
    struct cmsghdr head;
    char space[CMSG_SPACE(sizeof(int))];
  } control;
  struct iovec piece = {(void *)bytes, count};
  struct msghdr message = {0};
  memset(&control, 0, sizeof control);
  message.msg_name = (void *)to;
  message.msg_namelen = length;
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  message.msg_control = &control;
  message.msg_controllen = sizeof control;
  control.head.cmsg_level = SOL_SOCKET;
  control.head.cmsg_type = SCM_RIGHTS;
  control.head.cmsg_len = CMSG_LEN(sizeof(int));
  memcpy(CMSG_DATA(&control.head), &descriptor, sizeof(int));
  return sendmsg(socket, &message, MSG_NOSIGNAL);
}

// What SO_PEERCRED answers (struct ucred).
struct lbd_peer_credentials {
  pid_t pid;
  uid_t uid;
  gid_t gid;
};

// Receives, and gives the descriptor that came along, or -1. There is room for exactly one: the space that
// CMSG_SPACE counts would, with its padding, hold two. Where a peer has sent more, the kernel closes the
// others and says so; then the first is closed here too, and the call fails with EPROTO.
static inline long lbd_receive_descriptor(int socket, void *bytes, size_t count, int *descriptor) {
  union {
    struct cmsghdr head;
    char space[CMSG_LEN(sizeof(int))];
  } control;
  struct iovec piece = {bytes, count};
  struct msghdr message = {0};
  memset(&control, 0, sizeof control);
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  message.msg_control = &control;
  message.msg_controllen = CMSG_LEN(sizeof(int));
  *descriptor = -1;
  long received = recvmsg(socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  if (received < 0) return received;
  if (message.msg_controllen >= CMSG_LEN(sizeof(int)) && control.head.cmsg_level == SOL_SOCKET &&
      control.head.cmsg_type == SCM_RIGHTS)
    memcpy(descriptor, CMSG_DATA(&control.head), sizeof(int));
  if (message.msg_flags & MSG_CTRUNC) {
    if (*descriptor >= 0) close(*descriptor);
    *descriptor = -1;
    errno = EPROTO;
    return -1;
  }
  return received;
}

#endif
