package lightning.peer;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** A workload as {@code lightning-bench generate} writes it; the layout is in native/bench/README.md. */
final class CommandFile {
    static final int PLACE = 1;
    static final int CANCEL = 2;
    static final int REDUCE = 3;
    static final int MOVE = 4;

    private static final int HEADER_BYTES = 96;
    private static final int RECORD_BYTES = 32;

    /** Records that fill the books before the clock runs; they come first. */
    final int loading;
    /** All records. */
    final int records;
    /** Numbered from 0. */
    final int symbols;
    /** Numbered from 1. */
    final int accounts;
    /** The highest price that a record names, in ticks. */
    final long priceMax;
    private final ByteBuffer bytes;

    CommandFile(Path path) throws IOException {
        bytes = ByteBuffer.wrap(Files.readAllBytes(path)).order(ByteOrder.LITTLE_ENDIAN);
        byte[] magic = new byte[8];
        bytes.get(0, magic);
        if (!new String(magic, StandardCharsets.US_ASCII).equals("LTNGFLOW")) {
            throw new IOException(path + " is no file of commands");
        }
        if (bytes.getInt(8) != 1 || bytes.getInt(12) != RECORD_BYTES) {
            throw new IOException(path + " has another version");
        }
        loading = Math.toIntExact(bytes.getLong(24));
        records = Math.addExact(loading, Math.toIntExact(bytes.getLong(32)));
        symbols = bytes.getInt(40);
        accounts = bytes.getInt(44);
        if (bytes.limit() != HEADER_BYTES + (long) records * RECORD_BYTES) {
            throw new IOException(path + " is cut off");
        }
        long highest = 0;
        for (int record = 0; record < records; record++) {
            highest = Math.max(highest, price(record));
        }
        priceMax = highest;
    }

    int kind(int record) {
        return bytes.get(at(record));
    }

    boolean isBuy(int record) {
        return bytes.get(at(record) + 1) == 0;
    }

    boolean isImmediateOrCancel(int record) {
        return bytes.get(at(record) + 2) == 1;
    }

    int symbol(int record) {
        return bytes.getInt(at(record) + 4);
    }

    /** Of at most 32 bits, as it is written. */
    long order(int record) {
        return Integer.toUnsignedLong(bytes.getInt(at(record) + 8));
    }

    long account(int record) {
        return Integer.toUnsignedLong(bytes.getInt(at(record) + 12));
    }

    /** In ticks. */
    long price(int record) {
        return bytes.getLong(at(record) + 16);
    }

    /** In lots. */
    long quantity(int record) {
        return bytes.getLong(at(record) + 24);
    }

    private static int at(int record) {
        return HEADER_BYTES + record * RECORD_BYTES;
    }
}
