/* Runs an XDP program of an object file on frames, in the kernel; says what it returns and how long the frame then is. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* What Automake calls a test that cannot be run here. */
#define SKIPPED 77

static int quiet(enum libbpf_print_level level, const char *format, va_list arguments)
{
    return level == LIBBPF_WARN ? vfprintf(stderr, format, arguments) : 0;
}

int main(int count, char **arguments)
{
    struct bpf_object *object;
    struct bpf_program *program;
    unsigned int bytes;
    int result;

    if (count != 2)
        return 2;
    libbpf_set_print(quiet);
    libbpf_set_strict_mode(LIBBPF_STRICT_ALL);
    object = bpf_object__open_file(arguments[1], NULL);
    if (libbpf_get_error(object))
        return 1;
    result = bpf_object__load(object);
    if (result)
        return result == -EPERM || result == -ENOSYS ? SKIPPED : 1;
    program = bpf_object__next_program(object, NULL);
    while (fread(&bytes, sizeof(bytes), 1, stdin) == 1) {
        static unsigned char in[1 << 16], out[1 << 16];
        LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = in, .data_size_in = bytes, .data_out = out,
                    .data_size_out = sizeof(out));

        if (bytes > sizeof(in) || fread(in, 1, bytes, stdin) != bytes)
            return 2;
        if (bpf_prog_test_run_opts(bpf_program__fd(program), &run)) {
            perror("bpf_prog_test_run");
            return 1;
        }
        printf("%u %u\n", run.retval, run.data_size_out);
    }
    return 0;
}
