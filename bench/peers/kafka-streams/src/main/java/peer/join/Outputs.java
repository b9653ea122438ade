package peer.join;

/** Where a join puts what it says. */
public interface Outputs {
    void complete(SessionComplete record);

    void amended(SessionComplete record);

    void incomplete(SessionIncomplete record);
}
