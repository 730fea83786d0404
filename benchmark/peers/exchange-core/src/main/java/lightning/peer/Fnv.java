package lightning.peer;

/** The hash of native/bench/README.md: over 64-bit words, one after the other. */
final class Fnv {
    private long hash = 0xcbf29ce484222325L;

    void add(long word) {
        hash = (hash ^ word) * 0x100000001b3L;
    }

    @Override
    public String toString() {
        return String.format("%016x", hash);
    }
}
