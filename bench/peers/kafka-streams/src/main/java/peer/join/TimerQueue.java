package peer.join;

import java.util.PriorityQueue;

/** Sessions by the due time of their timer. An entry is stale if its session has changed since: compare before use. */
final class TimerQueue {
    record Timer(long dueAt, String sessionId) {}

    private final PriorityQueue<Timer> queue = new PriorityQueue<>((a, b) -> Long.compare(a.dueAt, b.dueAt));

    void add(String sessionId, long dueAt) {
        queue.add(new Timer(dueAt, sessionId));
    }

    boolean isDueBefore(long time) {
        Timer next = queue.peek();
        return next != null && next.dueAt < time;
    }

    Timer take() {
        return queue.poll();
    }
}
