package peer.join;

import java.util.PriorityQueue;

/** Sessions by the time that their timer is due. An entry whose session has moved on is stale; who takes it must look. */
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
