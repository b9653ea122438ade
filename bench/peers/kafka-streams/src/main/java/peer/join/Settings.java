package peer.join;

import java.util.Properties;

/** Settings of the join. The remaining properties of the file are for Kafka Streams. */
record Settings(
    String inputTopic,
    String outputPrefix,
    int completeSchemaId,
    int amendedSchemaId,
    int incompleteSchemaId,
    boolean storeInMemory,
    int port,
    JoinRules rules) {

    /** Removes its own properties, all named {@code join.…}, from {@code properties}. */
    static Settings takeFrom(Properties properties) {
        return new Settings(
            take(properties, "join.input.topic"),
            take(properties, "join.output.prefix"),
            Integer.parseInt(take(properties, "join.schema.complete")),
            Integer.parseInt(take(properties, "join.schema.amended")),
            Integer.parseInt(take(properties, "join.schema.incomplete")),
            take(properties, "join.store").equals("memory"),
            Integer.parseInt(take(properties, "join.port")),
            new JoinRules(
                Long.parseLong(take(properties, "join.recording.grace.ms")),
                Long.parseLong(take(properties, "join.finalize.timeout.ms")),
                Long.parseLong(take(properties, "join.retention.ms")),
                Long.parseLong(take(properties, "join.link.lifetime.ms"))));
    }

    private static String take(Properties properties, String name) {
        Object value = properties.remove(name);
        if (value == null) throw new IllegalArgumentException("no " + name + " in the properties file");
        return (String) value;
    }
}
