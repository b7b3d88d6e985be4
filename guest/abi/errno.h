/*
 * Error numbers: Linux's generic set, the same on RV64. The kernel returns them negated in a0; tests/os/abi compares
 * every one with the cross compiler's own header.
 */
#ifndef GUEST_ABI_ERRNO_H
#define GUEST_ABI_ERRNO_H

#define EPERM 1         /* not allowed to this caller */
#define ENOENT 2        /* no such file or directory */
#define ESRCH 3         /* no such process */
#define EINTR 4         /* a signal came first */
#define EIO 5           /* the device failed */
#define ENXIO 6         /* no such device or address */
#define E2BIG 7         /* arguments too long */
#define ENOEXEC 8       /* not an executable we know */
#define EBADF 9         /* not an open descriptor, or not for this */
#define ECHILD 10       /* no such child */
#define EAGAIN 11       /* try again: it would block, or a limit was hit */
#define ENOMEM 12       /* out of memory */
#define EACCES 13       /* permission denied */
#define EFAULT 14       /* bad address */
#define ENOTBLK 15      /* not a block device */
#define EBUSY 16        /* in use */
#define EEXIST 17       /* already there */
#define EXDEV 18        /* link across file systems */
#define ENODEV 19       /* no such device, or it cannot do this */
#define ENOTDIR 20      /* a part of the path is no directory */
#define EISDIR 21       /* is a directory */
#define EINVAL 22       /* argument makes no sense */
#define ENFILE 23       /* too many open files in the system */
#define EMFILE 24       /* too many open files in the process */
#define ENOTTY 25       /* not a terminal, or no such ioctl */
#define ETXTBSY 26      /* file is being executed */
#define EFBIG 27        /* file would be too large */
#define ENOSPC 28       /* no room on the device */
#define ESPIPE 29       /* cannot seek */
#define EROFS 30        /* read-only file system */
#define EMLINK 31       /* too many links */
#define EPIPE 32        /* nobody reads the pipe */
#define EDOM 33         /* argument outside the domain */
#define ERANGE 34       /* result does not fit */
#define EDEADLK 35      /* would deadlock */
#define ENAMETOOLONG 36 /* name too long */
#define ENOLCK 37       /* no locks left */
#define ENOSYS 38       /* no such system call */
#define ENOTEMPTY 39    /* directory not empty */
#define ELOOP 40        /* too many symbolic links */

/* message queues, streams and networks: known by name, never returned but where noted */
#define ENOMSG 42
#define EIDRM 43
#define ECHRNG 44
#define EL2NSYNC 45
#define EL3HLT 46
#define EL3RST 47
#define ELNRNG 48
#define EUNATCH 49
#define ENOCSI 50
#define EL2HLT 51
#define EBADE 52
#define EBADR 53
#define EXFULL 54
#define ENOANO 55
#define EBADRQC 56
#define EBADSLT 57
#define EBFONT 59
#define ENOSTR 60
#define ENODATA 61 /* no such attribute or data */
#define ETIME 62
#define ENOSR 63
#define ENONET 64
#define ENOPKG 65
#define EREMOTE 66
#define ENOLINK 67
#define EADV 68
#define ESRMNT 69
#define ECOMM 70
#define EPROTO 71
#define EMULTIHOP 72
#define EDOTDOT 73
#define EBADMSG 74
#define EOVERFLOW 75 /* value too large for its type */
#define ENOTUNIQ 76
#define EBADFD 77
#define EREMCHG 78
#define ELIBACC 79
#define ELIBBAD 80
#define ELIBSCN 81
#define ELIBMAX 82
#define ELIBEXEC 83
#define EILSEQ 84   /* bad byte sequence */
#define ERESTART 85 /* restart the call (streams) */
#define ESTRPIPE 86
#define EUSERS 87   /* too many users */
#define ENOTSOCK 88 /* not a socket */
#define EDESTADDRREQ 89
#define EMSGSIZE 90
#define EPROTOTYPE 91
#define ENOPROTOOPT 92
#define EPROTONOSUPPORT 93
#define ESOCKTNOSUPPORT 94
#define EOPNOTSUPP 95 /* not supported on this object */
#define EPFNOSUPPORT 96
#define EAFNOSUPPORT 97 /* no such address family */
#define EADDRINUSE 98
#define EADDRNOTAVAIL 99
#define ENETDOWN 100
#define ENETUNREACH 101
#define ENETRESET 102
#define ECONNABORTED 103
#define ECONNRESET 104
#define ENOBUFS 105
#define EISCONN 106
#define ENOTCONN 107
#define ESHUTDOWN 108
#define ETOOMANYREFS 109
#define ETIMEDOUT 110 /* time is up */
#define ECONNREFUSED 111
#define EHOSTDOWN 112
#define EHOSTUNREACH 113
#define EALREADY 114
#define EINPROGRESS 115
#define ESTALE 116  /* file handle no longer valid */
#define EUCLEAN 117 /* file system is damaged */
#define ENOTNAM 118
#define ENAVAIL 119
#define EISNAM 120
#define EREMOTEIO 121
#define EDQUOT 122
#define ENOMEDIUM 123
#define EMEDIUMTYPE 124
#define ECANCELED 125 /* cancelled */
#define ENOKEY 126
#define EKEYEXPIRED 127
#define EKEYREVOKED 128
#define EKEYREJECTED 129
#define EOWNERDEAD 130      /* the owner of the lock died */
#define ENOTRECOVERABLE 131 /* lock state is lost */
#define ERFKILL 132
#define EHWPOISON 133

/* second names */
#define EDEADLOCK EDEADLK
#define EWOULDBLOCK EAGAIN
#define ENOTSUP EOPNOTSUPP /* the C library has this one, not the kernel */

/* Inside the kernel only: what a call interrupted by a signal returns to the signal code. Never reaches a program. */
#define ERESTARTSYS 512           /* restart if the handler has SA_RESTART or there is none, else EINTR */
#define ERESTARTNOINTR 513        /* restart always */
#define ERESTARTNOHAND 514        /* restart if no handler ran, else EINTR */
#define ERESTART_RESTARTBLOCK 516 /* restart by the task's restart block (remaining time), else EINTR */

#endif
