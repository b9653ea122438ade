package peer.join;

import java.nio.charset.StandardCharsets;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;

/** Forwards joined records to the sinks, in the wire format and with CloudEvents headers. */
final class RecordWriter implements Outputs {
    private static final byte[] SPEC_VERSION = utf8("1.0");
    private static final byte[] SOURCE = utf8("/processor/join");

    private final ProcessorContext<String, byte[]> context;
    private final Settings settings;
    private long timestamp;

    RecordWriter(ProcessorContext<String, byte[]> context, Settings settings) {
        this.context = context;
        this.settings = settings;
    }

    /** Timestamp for the next records. */
    void at(long timestamp) {
        this.timestamp = timestamp;
    }

    @Override
    public void complete(SessionComplete record) {
        forward("complete", record.sessionId, 1, record.completedAt,
            WireFormat.encode(settings.completeSchemaId(), Json.of(record)));
    }

    @Override
    public void amended(SessionComplete record) {
        forward("amended", record.sessionId, record.revision, record.completedAt,
            WireFormat.encode(settings.amendedSchemaId(), Json.of(record)));
    }

    @Override
    public void incomplete(SessionIncomplete record) {
        forward("incomplete", record.sessionId(), 1, record.incompleteAt(),
            WireFormat.encode(settings.incompleteSchemaId(), Json.of(record)));
    }

    private void forward(String kind, String sessionId, int revision, String time, byte[] value) {
        Headers headers = new RecordHeaders()
            .add("ce_specversion", SPEC_VERSION)
            .add("ce_id", utf8(sessionId + ':' + kind + ':' + revision))
            .add("ce_type", utf8("session." + kind))
            .add("ce_source", SOURCE)
            .add("ce_time", utf8(time));
        context.forward(new Record<>(sessionId, value, timestamp, headers), kind);
    }

    static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
