import { Query, RouteName, routes } from '../../domain/routes';

/** The path to ask a route for, as in `/quotes/KUMI?at=1`. Symbol and values stand in it as they are, not encoded. */
export function pathTo<Name extends RouteName>(
  name: Name,
  symbol: string,
  query?: { readonly [Each in keyof Query<Name>]: string | number },
): string;
export function pathTo(name: RouteName, symbol: string, query: Readonly<Record<string, string | number>> = {}): string {
  const path = pathWith(symbol, routes[name].path);
  const values = Object.entries(query).map(([parameter, value]) => `${parameter}=${value}`);
  return values.length === 0 ? path : `${path}?${values.join('&')}`;
}

/** The path of a route with a symbol in place of its parameter. */
export function pathWith(symbol: string, path: string): string {
  return path.replace('{symbol}', symbol);
}
