import { RouteNameBy, routes } from '../../../domain/routes';
import { Handlers } from '../../../lambda/quotes/router';
import { handlers } from '../../../lambda/quotes/routes';

const complete = handlers(async () => {
  throw new Error('This test must not request statistics.');
});

test('each route that the function answers has a handler, and no other route has one', () => {
  const byFunction = Object.entries(routes).filter(([, { by }]) => by === 'function');
  expect(Object.keys(complete).sort()).toEqual(byFunction.map(([name]) => name).sort());
});

test('a route of the function without a handler, and a handler without a route, are errors of the compiler', () => {
  const { analysis, quote } = complete;
  // @ts-expect-error The route of the quotes has no handler.
  const tooFew: Handlers = { analysis };
  // @ts-expect-error No route of the table is called `dividend`.
  const tooMany: Handlers = { ...complete, dividend: () => ({}) };
  // @ts-expect-error Containers answer histories, not the function.
  const name: RouteNameBy<'function'> = 'history';
  expect([tooFew, tooMany, name, analysis, quote]).toHaveLength(5);
});

test('a handler that reads a query parameter which the table does not have is an error of the compiler', () => {
  const reads: Handlers = {
    ...complete,
    // @ts-expect-error `currency` would be no part of the cache key: a caller would get the answer for another currency.
    quote: (_, query) => ({ currency: query.currency }),
  };
  const renames: Handlers = {
    ...complete,
    // @ts-expect-error The same error for a destructured query.
    quote: (_, { currency }) => ({ currency }),
  };
  expect([reads, renames]).toHaveLength(2);
});
