/*
 * The helpers that XDP programs call, for a machine in user space that has none: maps lie in memory that the machine gives
 * to the program, and the helpers are part of the program.
 */
#ifndef MACHINE_BPF_HELPERS_H
#define MACHINE_BPF_HELPERS_H

#define SEC(name) __attribute__((section(name), used))
#define __always_inline inline __attribute__((always_inline))
#define __uint(name, value) int(*name)[value]
#define __type(name, value) __typeof__(value) *name
#define __array(name, value) __typeof__(value) *name[]

/* The addresses of the maps are these numbers. A replica's is the number after them that its core has. */
enum { REPLICAS = 1, PROGRESS = 2, FIRST_REPLICA = 16 };
enum { SLOTS = 4096, CORES = 256 };

struct slot {
    __u64 replica; /* 0 for a free slot */
    __u8 key[24];
    __u64 value[12];
};

/* The machine puts the address of zeroed memory here. */
extern struct {
    __u64 cores;
    __u64 moved; /* by how much the start of the frame was moved */
    __u64 progress[CORES][2];
    struct slot slots[SLOTS];
} memory;

/* The slot of a key, or the free one where it belongs. */
static __always_inline struct slot *find(__u64 replica, const __u8 *key, __u32 bytes)
{
    __u64 hash = replica;
    __u32 i, tried;

    for (i = 0; i < bytes; i++)
        hash = (hash ^ key[i]) * 0x100000001b3ull;
    for (tried = 0; tried < SLOTS; tried++) {
        struct slot *slot = &memory.slots[(hash + tried) % SLOTS];
        int same = slot->replica == replica;

        if (!slot->replica)
            return slot;
        for (i = 0; i < bytes; i++)
            same &= slot->key[i] == key[i];
        if (same)
            return slot;
    }
    return 0;
}

static __always_inline void *lookup(__u64 map, const void *key, __u32 bytes)
{
    struct slot *slot;

    if (map == REPLICAS || map == PROGRESS) {
        __u64 core = *(const __u32 *)key;

        if (core >= memory.cores)
            return 0;
        return map == REPLICAS ? (void *)(FIRST_REPLICA + core) : memory.progress[core];
    }
    slot = find(map, key, bytes);
    return slot && slot->replica ? slot->value : 0;
}

static __always_inline long insert(__u64 map, const void *key, __u32 bytes)
{
    struct slot *slot = find(map, key, bytes);
    __u32 i;

    if (!slot || slot->replica)
        return -1;
    slot->replica = map;
    for (i = 0; i < bytes; i++)
        slot->key[i] = ((const __u8 *)key)[i];
    return 0;
}

#define bpf_map_lookup_elem(map, key) lookup((__u64)(map), key, sizeof(*(key)))
/* A new value is all zero, as it is here. */
#define bpf_map_update_elem(map, key, value, flags) ((void)(value), insert((__u64)(map), key, sizeof(*(key))))
#define bpf_xdp_adjust_head(context, bytes) ((void)(context), memory.moved = (bytes), 0)

#endif
