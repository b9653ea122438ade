package peer.join;

import java.util.Map;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;

/**
 * Log time of an idle partition. A timer must not overtake records that wait in the partition, so time passes only when
 * everything up to its end has been processed and committed.
 */
final class IdleClock {
    private static final long MARGIN_MS = 500;

    private final Admin admin;
    private final String groupId;

    IdleClock(Admin admin, String groupId) {
        this.admin = admin;
        this.groupId = groupId;
    }

    /** @return a time up to which every record of the partition has been processed; Long.MIN_VALUE if unknown. */
    long processedUpTo(TopicPartition partition) {
        long asOf = System.currentTimeMillis() - MARGIN_MS;
        try {
            long end = admin.listOffsets(Map.of(partition, OffsetSpec.latest())).partitionResult(partition).get().offset();
            OffsetAndMetadata committed =
                admin.listConsumerGroupOffsets(groupId).partitionsToOffsetAndMetadata().get().get(partition);
            return committed != null && committed.offset() >= end ? asOf : Long.MIN_VALUE;
        } catch (ExecutionException unavailable) {
            return Long.MIN_VALUE;
        } catch (InterruptedException stopping) {
            Thread.currentThread().interrupt();
            return Long.MIN_VALUE;
        }
    }
}
