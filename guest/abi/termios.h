/*
 * Terminals: struct termios as the kernel has it (19 control characters; glibc's own is larger), window size and the
 * ioctl numbers. An ioctl number made by Linux's _IOR and _IOW is written out here.
 */
#ifndef GUEST_ABI_TERMIOS_H
#define GUEST_ABI_TERMIOS_H

#include "guest/abi/types.h"

#define ABI_NCCS 19

/* TCGETS, TCSETS, TCSETSW, TCSETSF */
struct abi_termios {
	u32 c_iflag;       /* what happens to input */
	u32 c_oflag;       /* what happens to output */
	u32 c_cflag;       /* speed and frame: kept, not acted on */
	u32 c_lflag;       /* line editing, echo, signals */
	u8 c_line;         /* line discipline, 0 */
	u8 c_cc[ABI_NCCS]; /* control characters, by V number */
};
_Static_assert(sizeof(struct abi_termios) == 36, "struct termios");

/* TCGETS2, TCSETS2 ... */
struct abi_termios2 {
	u32 c_iflag;
	u32 c_oflag;
	u32 c_cflag;
	u32 c_lflag;
	u8 c_line;
	u8 c_cc[ABI_NCCS];
	u32 c_ispeed; /* bits a second */
	u32 c_ospeed;
};
_Static_assert(sizeof(struct abi_termios2) == 44, "struct termios2");

/* TIOCGWINSZ, TIOCSWINSZ */
struct abi_winsize {
	u16 ws_row; /* lines */
	u16 ws_col; /* columns */
	u16 ws_xpixel;
	u16 ws_ypixel;
};
_Static_assert(sizeof(struct abi_winsize) == 8, "struct winsize");

/* ioctls of terminals */
#define TCGETS 0x5401
#define TCSETS 0x5402
#define TCSETSW 0x5403 /* after output has gone out */
#define TCSETSF 0x5404 /* the same, and input is thrown away */
#define TCSBRK 0x5409
#define TCXONC 0x540a
#define TCFLSH 0x540b
#define TIOCEXCL 0x540c
#define TIOCNXCL 0x540d
#define TIOCSCTTY 0x540e /* make it the controlling terminal */
#define TIOCGPGRP 0x540f /* foreground process group */
#define TIOCSPGRP 0x5410
#define TIOCOUTQ 0x5411
#define TIOCSTI 0x5412
#define TIOCGWINSZ 0x5413
#define TIOCSWINSZ 0x5414
#define TIOCMGET 0x5415
#define FIONREAD 0x541b
#define TIOCINQ FIONREAD
#define TIOCLINUX 0x541c
#define TIOCCONS 0x541d
#define TIOCPKT 0x5420
#define FIONBIO 0x5421
#define TIOCNOTTY 0x5422
#define TIOCSETD 0x5423
#define TIOCGETD 0x5424
#define TCSBRKP 0x5425
#define TIOCSBRK 0x5427
#define TIOCCBRK 0x5428
#define TIOCGSID 0x5429
#define TCGETS2 0x802c542a
#define TCSETS2 0x402c542b
#define TCSETSW2 0x402c542c
#define TCSETSF2 0x402c542d
#define TIOCGPTN 0x80045430   /* number of the pty behind /dev/ptmx */
#define TIOCSPTLCK 0x40045431 /* lock (1) or unlock (0) its slave */
#define TIOCGDEV 0x80045432
#define TIOCSIG 0x40045436
#define TIOCGPTLCK 0x80045439
#define TIOCGPTPEER 0x5441 /* open the slave */
#define FIONCLEX 0x5450
#define FIOCLEX 0x5451
#define FIOASYNC 0x5452

/* ioctls of block devices and files */
#define BLKROGET 0x125e
#define BLKGETSIZE 0x1260 /* units of 512 bytes */
#define BLKFLSBUF 0x1261
#define BLKSSZGET 0x1268
#define BLKGETSIZE64 0x80081272 /* bytes */
#define FS_IOC_GETFLAGS 0x80086601

/* TCXONC and TCFLSH */
#define TCOOFF 0
#define TCOON 1
#define TCIOFF 2
#define TCION 3
#define TCIFLUSH 0
#define TCOFLUSH 1
#define TCIOFLUSH 2

/* places in c_cc */
#define VINTR 0
#define VQUIT 1
#define VERASE 2
#define VKILL 3
#define VEOF 4
#define VTIME 5
#define VMIN 6
#define VSWTC 7
#define VSTART 8
#define VSTOP 9
#define VSUSP 10
#define VEOL 11
#define VREPRINT 12
#define VDISCARD 13
#define VWERASE 14
#define VLNEXT 15
#define VEOL2 16

/* c_iflag */
#define IGNBRK 0000001
#define BRKINT 0000002
#define IGNPAR 0000004
#define PARMRK 0000010
#define INPCK 0000020
#define ISTRIP 0000040
#define INLCR 0000100
#define IGNCR 0000200
#define ICRNL 0000400
#define IUCLC 0001000
#define IXON 0002000
#define IXANY 0004000
#define IXOFF 0010000
#define IMAXBEL 0020000
#define IUTF8 0040000

/* c_oflag */
#define OPOST 0000001
#define OLCUC 0000002
#define ONLCR 0000004
#define OCRNL 0000010
#define ONOCR 0000020
#define ONLRET 0000040
#define OFILL 0000100
#define OFDEL 0000200
#define TABDLY 0014000 /* mask */
#define TAB3 0014000   /* tabs become spaces */
#define XTABS 0014000

/* c_cflag */
#define CBAUD 0010017 /* mask of the speed */
#define B0 0000000
#define B9600 0000015
#define B19200 0000016
#define B38400 0000017
#define B115200 0010002
#define CSIZE 0000060
#define CS5 0000000
#define CS6 0000020
#define CS7 0000040
#define CS8 0000060
#define CSTOPB 0000100
#define CREAD 0000200
#define PARENB 0000400
#define PARODD 0001000
#define HUPCL 0002000
#define CLOCAL 0004000
#define CRTSCTS 020000000000

/* c_lflag */
#define ISIG 0000001
#define ICANON 0000002
#define XCASE 0000004
#define ECHO 0000010
#define ECHOE 0000020
#define ECHOK 0000040
#define ECHONL 0000100
#define NOFLSH 0000200
#define TOSTOP 0000400
#define ECHOCTL 0001000
#define ECHOPRT 0002000
#define ECHOKE 0004000
#define FLUSHO 0010000
#define PENDIN 0040000
#define IEXTEN 0100000
#define EXTPROC 0200000

#endif
