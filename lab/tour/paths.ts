import { Query, RouteName, routes } from '../../domain/routes';

/** The path of a request to a route, such as `/quotes/KUMI?at=1`. The symbol and the values are not encoded. */
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

/** The path of a route with the symbol filled in. */
export function pathWith(symbol: string, path: string): string {
  return path.replace('{symbol}', symbol);
}
