/* What XDP programs need of <linux/bpf.h>, for a machine in user space: there, pointers in the context have 64 bits. */
#ifndef MACHINE_LINUX_BPF_H
#define MACHINE_LINUX_BPF_H

typedef unsigned char __u8;
typedef unsigned short __u16;
typedef unsigned int __u32;
typedef int __s32;
typedef unsigned long long __u64;

enum xdp_action { XDP_ABORTED, XDP_DROP, XDP_PASS, XDP_TX };
enum { BPF_MAP_TYPE_HASH = 1, BPF_MAP_TYPE_ARRAY = 2, BPF_MAP_TYPE_ARRAY_OF_MAPS = 12 };
enum { BPF_NOEXIST = 1 };

struct xdp_md {
    __u64 data;
    __u64 data_end;
};

#endif
