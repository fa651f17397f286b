/* How far each replica is, and how many packets it never saw a row of. */
struct progress {
    __u64 number;
    __u64 lost;
};

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, @NAME@_CORES);
    __type(key, __u32);
    __type(value, struct progress);
} progress SEC(".maps");

