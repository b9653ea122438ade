package peer.join;

import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.state.KeyValueBytesStoreSupplier;
import org.apache.kafka.streams.state.Stores;

/** One source, the join with its store, and a sink for each kind of output. */
final class JoinTopology {
    static final String SESSIONS = "sessions";
    static final String DEAD_LETTER = "dead-letter";

    private JoinTopology() {}

    static Topology build(Settings settings, IdleClock idleClock) {
        KeyValueBytesStoreSupplier store = settings.storeInMemory()
            ? Stores.inMemoryKeyValueStore(SESSIONS)
            : Stores.persistentKeyValueStore(SESSIONS);
        Topology topology = new Topology()
            .addSource("events", new StringDeserializer(), new ByteArrayDeserializer(), settings.inputTopic())
            .addProcessor("join", () -> new JoinProcessor(settings, idleClock), "events")
            // No record cache, which is the default of a Processor API store. A cache would reduce the changelog to one record for
            // each session and commit, but costs more than it saves: 11,000 sessions/s with 64 MiB of it, 17,000 without.
            .addStateStore(Stores.keyValueStoreBuilder(store, Serdes.String(), Json.stateSerde()), "join");
        addSink(topology, "complete", settings.outputPrefix() + "session.complete");
        addSink(topology, "amended", settings.outputPrefix() + "session.amended");
        addSink(topology, "incomplete", settings.outputPrefix() + "session.incomplete");
        addSink(topology, DEAD_LETTER, settings.outputPrefix() + "session.events.dead-letter");
        return topology;
    }

    private static void addSink(Topology topology, String name, String topic) {
        topology.addSink(name, topic, new StringSerializer(), new ByteArraySerializer(), "join");
    }
}
