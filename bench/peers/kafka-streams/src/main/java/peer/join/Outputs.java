package peer.join;

/** Receives the records of a join. */
public interface Outputs {
    void complete(SessionComplete record);

    void amended(SessionComplete record);

    void incomplete(SessionIncomplete record);
}
