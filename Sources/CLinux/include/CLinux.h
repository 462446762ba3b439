// The Linux calls that Swift's Glibc module leaves out. Header only, so the package needs no C
// compiler settings. _GNU_SOURCE stays undefined: with it, this module's view of the C library's
// types differs from Glibc's and importing both fails. What only _GNU_SOURCE would declare is
// declared here by hand, as glibc does.
#ifndef CLINUX_H
#define CLINUX_H

#include <netinet/in.h>
#include <spawn.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
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

// What SO_PEERCRED answers (struct ucred).
struct lbd_peer_credentials {
  pid_t pid;
  uid_t uid;
  gid_t gid;
};

#endif
