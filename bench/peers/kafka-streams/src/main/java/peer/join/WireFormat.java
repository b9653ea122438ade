package peer.join;

import java.nio.ByteBuffer;

/** Confluent wire format: a zero byte, the schema id, then the JSON text. */
final class WireFormat {
    static final int HEADER_BYTES = 5;

    private WireFormat() {}

    static boolean is(byte[] value) {
        return value != null && value.length > HEADER_BYTES && value[0] == 0;
    }

    static byte[] encode(int schemaId, byte[] json) {
        return ByteBuffer.allocate(HEADER_BYTES + json.length).put((byte) 0).putInt(schemaId).put(json).array();
    }
}
