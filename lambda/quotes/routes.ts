import { priceAt } from '../../domain/price';
import { parseAt, parseDays, parseSymbol } from '../../domain/requests';
import { Handlers } from './router';
import { ReadStatistics } from './upstream';

/**
 * Answers each route that is the function's in domain/routes.ts, and reads no query parameter but those named there.
 * Times (`at`) are whole seconds since 1970, in requests and answers alike, so that a caller can ask for an answer again.
 */
export function handlers(statistics: ReadStatistics): Handlers {
  return {
    quote: (parameters, query) => {
      const symbol = parseSymbol(parameters.symbol);
      const at = parseAt(query.at) ?? now();
      return { symbol, price: priceAt(symbol, at), at };
    },

    analysis: async (parameters, query, requestId) => {
      const symbol = parseSymbol(parameters.symbol);
      const days = parseDays(query.days);
      const { to, mean, volatility, high, low } = await statistics(symbol, days, requestId);
      const at = now();
      const price = priceAt(symbol, at);
      const deviationPercent = Math.round((price / mean - 1) * 10_000) / 100;
      return { symbol, price, at, days, to, mean, volatility, high, low, deviationPercent };
    },
  };
}

function now(): number {
  return Math.floor(Date.now() / 1_000);
}
