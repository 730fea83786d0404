package lightning.peer;

import exchange.core2.core.common.MatcherEventType;
import exchange.core2.core.common.MatcherTradeEvent;
import exchange.core2.core.common.cmd.CommandResultCode;
import exchange.core2.core.common.cmd.OrderCommand;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.ObjLongConsumer;

/** Stands at the end of the pipeline: counts what is done, and adds up what was traded. One thread calls it. */
final class Tally implements ObjLongConsumer<OrderCommand> {
    /** What it waits for. Written before the first of these commands is sent. */
    private volatile CountDownLatch done = new CountDownLatch(0);
    private int left;
    private long refused;
    private CommandResultCode firstRefusal = CommandResultCode.SUCCESS;
    private long trades;
    private long tradedLots;
    private final Fnv tradesHash = new Fnv();
    /** Balances are adjusted, users added: nothing that trades. */
    private boolean counting;

    /** So many commands will follow. */
    void expect(int commands, boolean trading) {
        left = commands;
        counting = trading;
        done = new CountDownLatch(1);
    }

    /** Waits until all of them are done. */
    void await(long seconds) throws InterruptedException {
        if (!done.await(seconds, TimeUnit.SECONDS)) {
            throw new IllegalStateException("commands are still on their way after " + seconds + " s");
        }
    }

    @Override
    public void accept(OrderCommand command, long sequence) {
        if (left == 0) {
            return;
        }
        if (command.resultCode != CommandResultCode.SUCCESS) {
            if (refused == 0) {
                firstRefusal = command.resultCode;
            }
            refused++;
        }
        if (counting) {
            for (MatcherTradeEvent event = command.matcherEvent; event != null; event = event.nextEvent) {
                if (event.eventType == MatcherEventType.TRADE) {
                    trades++;
                    tradedLots += event.size;
                    tradesHash.add(event.matchedOrderId);
                    tradesHash.add(command.orderId);
                    tradesHash.add(event.price);
                    tradesHash.add(event.size);
                }
            }
        }
        left--;
        if (left == 0) {
            done.countDown();
        }
    }

    long refused() {
        return refused;
    }

    CommandResultCode firstRefusal() {
        return firstRefusal;
    }

    long trades() {
        return trades;
    }

    long tradedLots() {
        return tradedLots;
    }

    String tradesHash() {
        return tradesHash.toString();
    }
}
