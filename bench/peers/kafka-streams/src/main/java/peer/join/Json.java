package peer.join;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.ObjectWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;

/** JSON of values and states. Readers and writers are created once, as Jackson recommends. */
final class Json {
    private static final ObjectMapper MAPPER = new ObjectMapper();
    private static final ObjectReader EVENTS = MAPPER.readerFor(SessionEvent.class);
    private static final ObjectReader STATES = MAPPER.readerFor(SessionState.class);
    private static final ObjectWriter STATE_WRITER = MAPPER.writerFor(SessionState.class);
    private static final ObjectWriter COMPLETE_WRITER = MAPPER.writerFor(SessionComplete.class);
    private static final ObjectWriter INCOMPLETE_WRITER = MAPPER.writerFor(SessionIncomplete.class);

    private Json() {}

    /** @return null when the bytes are not the JSON object of an event. */
    static SessionEvent event(byte[] bytes, int from) {
        try {
            return EVENTS.readValue(bytes, from, bytes.length - from);
        } catch (IOException notJson) {
            return null;
        }
    }

    static byte[] of(SessionComplete record) {
        return write(COMPLETE_WRITER, record);
    }

    static byte[] of(SessionIncomplete record) {
        return write(INCOMPLETE_WRITER, record);
    }

    static Serde<SessionState> stateSerde() {
        return Serdes.serdeFrom((topic, state) -> state == null ? null : write(STATE_WRITER, state), (topic, bytes) -> {
            try {
                return bytes == null ? null : STATES.readValue(bytes);
            } catch (IOException e) {
                throw new UncheckedIOException("state in the store is not readable", e);
            }
        });
    }

    private static byte[] write(ObjectWriter writer, Object value) {
        try {
            return writer.writeValueAsBytes(value);
        } catch (JsonProcessingException e) {
            throw new UncheckedIOException(e);
        }
    }
}
