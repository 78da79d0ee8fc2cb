import { priceAt } from '../../domain/price';
import { parseAt, parseDays, parseSymbol } from '../../domain/requests';
import { Route } from './router';
import { ReadStatistics } from './upstream';

/** Times (`at`) are whole seconds since 1970, in requests and answers alike, so that an answer can be asked for again. */
export function routes(statistics: ReadStatistics): Record<string, Route> {
  return {
    'GET /quotes/{symbol}': (parameters, query) => {
      const symbol = parseSymbol(parameters.symbol);
      const at = parseAt(query.at) ?? now();
      return { symbol, price: priceAt(symbol, at), at };
    },

    'GET /analysis/{symbol}': async (parameters, query) => {
      const symbol = parseSymbol(parameters.symbol);
      const days = parseDays(query.days);
      const { to, mean, volatility, high, low } = await statistics(symbol, days);
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
