package peer.join;

import java.time.Duration;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.processor.PunctuationType;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;

/** The join of one partition: reads the session's state, applies the rules, stores the new state, forwards the records. */
final class JoinProcessor implements Processor<String, byte[], String, byte[]> {
    private static final Duration IDLE_TICK = Duration.ofMillis(500);

    private final Settings settings;
    private final IdleClock idleClock;
    private ProcessorContext<String, byte[]> context;
    private KeyValueStore<String, SessionState> sessions;
    private RecordWriter outputs;
    private SessionJoin join;
    /** Kept in memory, as it follows from the store: it needs no changelog of its own, and no scan. */
    private TimerQueue timers;

    JoinProcessor(Settings settings, IdleClock idleClock) {
        this.settings = settings;
        this.idleClock = idleClock;
    }

    @Override
    public void init(ProcessorContext<String, byte[]> context) {
        this.context = context;
        sessions = context.getStateStore(JoinTopology.SESSIONS);
        outputs = new RecordWriter(context, settings);
        join = new SessionJoin(settings.rules(), outputs);
        timers = new TimerQueue();
        try (KeyValueIterator<String, SessionState> restored = sessions.all()) {
            while (restored.hasNext()) {
                KeyValue<String, SessionState> session = restored.next();
                timers.add(session.key, session.value.dueAt(settings.rules()));
            }
        }
        context.schedule(IDLE_TICK, PunctuationType.WALL_CLOCK_TIME, this::punctuate);
    }

    @Override
    public void process(Record<String, byte[]> record) {
        long now = record.timestamp();
        outputs.at(now);
        fireBefore(now);
        if (!WireFormat.is(record.value())) {
            deadLetter(record, "not_wire_format");
            return;
        }
        SessionEvent event = Json.event(record.value(), WireFormat.HEADER_BYTES);
        if (event == null) {
            deadLetter(record, "not_json");
        } else if (!event.isComplete()) {
            deadLetter(record, "schema");
        } else if (!event.sessionId.equals(record.key())) {
            deadLetter(record, "key_mismatch");
        } else {
            SessionState known = sessions.get(event.sessionId);
            long dueBefore = known == null ? Long.MIN_VALUE : known.dueAt(settings.rules());
            SessionState next = join.onEvent(known, event, now);
            if (next != null) store(event.sessionId, next, dueBefore);
        }
    }

    private void store(String sessionId, SessionState state, long dueBefore) {
        sessions.put(sessionId, state);
        long due = state.dueAt(settings.rules());
        if (due != dueBefore) timers.add(sessionId, due);
    }

    private void punctuate(long wallClock) {
        if (!timers.isDueBefore(wallClock)) return;
        int partition = context.taskId().partition();
        outputs.at(wallClock);
        fireBefore(idleClock.processedUpTo(new TopicPartition(settings.inputTopic(), partition)));
    }

    private void fireBefore(long time) {
        while (timers.isDueBefore(time)) {
            TimerQueue.Timer timer = timers.take();
            SessionState state = sessions.get(timer.sessionId());
            if (state == null || state.dueAt(settings.rules()) != timer.dueAt()) continue;
            SessionState next = join.onTimer(timer.sessionId(), state);
            if (next == null) sessions.delete(timer.sessionId());
            else store(timer.sessionId(), next, timer.dueAt());
        }
    }

    private void deadLetter(Record<String, byte[]> record, String reason) {
        Headers headers = new RecordHeaders().add("reason", RecordWriter.utf8(reason));
        byte[] value = record.value() == null ? new byte[0] : record.value();
        context.forward(new Record<>(record.key(), value, record.timestamp(), headers), JoinTopology.DEAD_LETTER);
    }
}
