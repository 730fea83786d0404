package lightning.peer;

import exchange.core2.core.ExchangeApi;
import exchange.core2.core.ExchangeCore;
import exchange.core2.core.common.BalanceAdjustmentType;
import exchange.core2.core.common.CoreSymbolSpecification;
import exchange.core2.core.common.CoreWaitStrategy;
import exchange.core2.core.common.L2MarketData;
import exchange.core2.core.common.OrderAction;
import exchange.core2.core.common.OrderType;
import exchange.core2.core.common.SymbolType;
import exchange.core2.core.common.api.binary.BatchAddSymbolsCommand;
import exchange.core2.core.common.api.reports.TotalCurrencyBalanceReportQuery;
import exchange.core2.core.common.config.ExchangeConfiguration;
import exchange.core2.core.common.config.InitialStateConfiguration;
import exchange.core2.core.common.config.LoggingConfiguration;
import exchange.core2.core.common.config.OrdersProcessingConfiguration;
import exchange.core2.core.common.config.PerformanceConfiguration;
import exchange.core2.core.common.config.ReportsQueriesConfiguration;
import exchange.core2.core.common.config.SerializationConfiguration;
import exchange.core2.core.orderbook.OrderBookDirectImpl;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Replays a file of commands through exchange-core's own API, with risk checks and balances and without a journal.
 *
 * For each line that it reads it makes a fresh exchange, loads it, runs the measured commands against the clock, and
 * prints what came out as one line of JSON. It ends with its input.
 */
public final class Replay {
    private static final int BASE = 1;
    private static final int QUOTE = 2;
    /** No order of a flow is refused for want of it, and a million accounts' sum is still far from 2^63. */
    private static final long DEPOSIT = 1_000_000_000_000L;
    private static final long LIMIT_SECONDS = 100;

    private final CommandFile file;
    private final CoreWaitStrategy waitStrategy;

    private Replay(CommandFile file, CoreWaitStrategy waitStrategy) {
        this.file = file;
        this.waitStrategy = waitStrategy;
    }

    public static void main(String[] arguments) throws Exception {
        CommandFile file = new CommandFile(Path.of(arguments[0]));
        Replay replay = new Replay(file, CoreWaitStrategy.valueOf(arguments[1]));
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in));
        while (lines.readLine() != null) {
            System.out.println(replay.once());
            System.gc();
        }
        System.exit(0);
    }

    private String once() throws Exception {
        Tally tally = new Tally();
        ExchangeCore core = ExchangeCore.builder().resultsConsumer(tally).exchangeConfiguration(configuration()).build();
        core.startup();
        try {
            ExchangeApi api = core.getApi();
            open(api, tally);
            tally.expect(file.loading, true);
            send(api, 0, file.loading);
            if (file.loading > 0) {
                tally.await(LIMIT_SECONDS);
            }
            tally.expect(file.records - file.loading, true);
            System.gc();
            long start = System.nanoTime();
            send(api, file.loading, file.records);
            tally.await(LIMIT_SECONDS);
            long nanoseconds = System.nanoTime() - start;
            return report(api, tally, nanoseconds);
        } finally {
            core.shutdown();
        }
    }

    /**
     * Two cores run its whole pipeline, so there is one engine of each kind. What else is set is what its own
     * throughput tests set for one symbol, and its book for many orders.
     */
    private ExchangeConfiguration configuration() {
        PerformanceConfiguration performance = PerformanceConfiguration.throughputPerformanceBuilder()
                .matchingEnginesNum(1)
                .riskEnginesNum(1)
                .orderBookFactory(OrderBookDirectImpl::new)
                .threadFactory(Thread::new)
                .waitStrategy(waitStrategy)
                .build();
        return ExchangeConfiguration.builder()
                .ordersProcessingCfg(OrdersProcessingConfiguration.DEFAULT)
                .performanceCfg(performance)
                .initStateCfg(InitialStateConfiguration.CLEAN_TEST)
                .reportsQueriesCfg(ReportsQueriesConfiguration.DEFAULT)
                .loggingCfg(LoggingConfiguration.DEFAULT)
                .serializationCfg(SerializationConfiguration.DEFAULT)
                .build();
    }

    /** Symbols, users, and money. */
    private void open(ExchangeApi api, Tally tally) throws Exception {
        List<CoreSymbolSpecification> symbols = new ArrayList<>();
        for (int symbol = 0; symbol < file.symbols; symbol++) {
            symbols.add(CoreSymbolSpecification.builder()
                    .symbolId(symbol)
                    .type(SymbolType.CURRENCY_EXCHANGE_PAIR)
                    .baseCurrency(BASE)
                    .quoteCurrency(QUOTE)
                    .baseScaleK(1)
                    .quoteScaleK(1)
                    .takerFee(0)
                    .makerFee(0)
                    .build());
        }
        api.submitBinaryDataAsync(new BatchAddSymbolsCommand(symbols)).get();
        tally.expect(Math.multiplyExact(file.accounts, 3), false);
        for (long account = 1; account <= file.accounts; account++) {
            api.createUser(0, 0, 0, account);
            for (int currency = BASE; currency <= QUOTE; currency++) {
                api.balanceAdjustment(0, 0, 0, account, currency, currency, DEPOSIT, BalanceAdjustmentType.ADJUSTMENT);
            }
        }
        tally.await(LIMIT_SECONDS);
        if (tally.refused() > 0) {
            throw new IllegalStateException("an account could not be opened: " + tally.firstRefusal());
        }
    }

    private void send(ExchangeApi api, int from, int to) {
        // A bid may be moved up to the price that it has reserved for: here, to any that the flow names.
        long reserve = file.priceMax;
        for (int record = from; record < to; record++) {
            int symbol = file.symbol(record);
            long order = file.order(record);
            long account = file.account(record);
            switch (file.kind(record)) {
                case CommandFile.PLACE -> api.placeNewOrder(
                        0, 0, 0, order, 0, file.price(record), reserve, file.quantity(record),
                        file.isBuy(record) ? OrderAction.BID : OrderAction.ASK,
                        file.isImmediateOrCancel(record) ? OrderType.IOC : OrderType.GTC,
                        symbol, account);
                case CommandFile.CANCEL -> api.cancelOrder(0, 0, 0, order, symbol, account);
                case CommandFile.REDUCE -> api.reduceOrder(0, 0, 0, file.quantity(record), order, symbol, account);
                case CommandFile.MOVE -> api.moveOrder(0, 0, 0, file.price(record), order, symbol, account);
                default -> throw new IllegalStateException("record " + record + " is of no known kind");
            }
        }
    }

    private String report(ExchangeApi api, Tally tally, long nanoseconds) throws Exception {
        long orders = 0;
        Fnv books = new Fnv();
        for (int symbol = 0; symbol < file.symbols; symbol++) {
            L2MarketData book = api.requestOrderBookAsync(symbol, Integer.MAX_VALUE).get();
            orders += add(books, symbol, 0, book.bidSize, book.bidPrices, book.bidVolumes, book.bidOrders);
            orders += add(books, symbol, 1, book.askSize, book.askPrices, book.askVolumes, book.askOrders);
        }
        boolean conserved = api.processReport(new TotalCurrencyBalanceReportQuery(), 0).get().isGlobalBalancesAllZero();
        return String.format(
                Locale.ROOT,
                "{\"nanoseconds\":%d,\"commands\":%d,\"refused\":%d,\"firstRefusal\":\"%s\",\"trades\":%d,"
                        + "\"tradedLots\":%d,\"orders\":%d,\"tradesHash\":\"%s\",\"booksHash\":\"%s\",\"conserved\":%b}",
                nanoseconds, file.records - file.loading, tally.refused(), tally.firstRefusal(), tally.trades(),
                tally.tradedLots(), orders, tally.tradesHash(), books, conserved);
    }

    /** Adds the levels of one side, best first, and returns how many orders stand there. */
    private static long add(Fnv hash, int symbol, int side, int levels, long[] prices, long[] lots, long[] orders) {
        long sum = 0;
        for (int level = 0; level < levels; level++) {
            hash.add(symbol);
            hash.add(side);
            hash.add(prices[level]);
            hash.add(lots[level]);
            hash.add(orders[level]);
            sum += orders[level];
        }
        return sum;
    }
}
