import { EnvironmentConfig } from '../../lib/environment-config';
import { FunctionStack } from '../../lib/stacks/function-stack';
import { HttpApiStack } from '../../lib/stacks/http-api-stack';
import { RestApiStack } from '../../lib/stacks/rest-api-stack';
import { WebSocketApiStack } from '../../lib/stacks/websocket-api-stack';
import { fixtureOf } from '../support/fixture';
import { stacksOf, stageOf } from '../support/stage';

/** The alarms of each stack that say that users are affected, as paths within the stack. */
function affectingOf(config: EnvironmentConfig): Record<string, string[]> {
  const stacks = Object.values(stacksOf(stageOf(config))).filter(
    (stack) =>
      stack instanceof FunctionStack ||
      stack instanceof RestApiStack ||
      stack instanceof HttpApiStack ||
      stack instanceof WebSocketApiStack,
  );
  return Object.fromEntries(
    stacks.map(({ node, affecting }) => [
      node.id,
      affecting.map((alarm) => alarm.node.path.replace(`${node.path}/`, '')),
    ]),
  );
}

const webSocketErrors = ['SessionsAlarms/ConnectErrors', 'SessionsAlarms/IntegrationErrors'];

test('errors of the APIs say that users are affected, and silence does not where it is healthy', () => {
  expect(affectingOf(fixtureOf('trial'))).toEqual({
    Function: [],
    RestApi: ['Alarms/ServerErrors'],
    HttpApi: ['Alarms/ServerErrors'],
    WebSocketApi: webSocketErrors,
  });
});

test('silence of a scheduled ticker, and of APIs whose requests never stop, says so, too', () => {
  expect(affectingOf({ ...fixtureOf('lasting'), alarms: { silentAfterMinutes: 15 } })).toEqual({
    Function: [],
    RestApi: ['Alarms/ServerErrors', 'Alarms/Silent'],
    HttpApi: ['Alarms/ServerErrors', 'Alarms/Silent'],
    WebSocketApi: [...webSocketErrors, 'TickerAlarms/Silent'],
  });
});

test('without alarms, no alarm says so', () => {
  const none = { Function: [], RestApi: [], HttpApi: [], WebSocketApi: [] };
  expect(affectingOf({ ...fixtureOf('trial'), alarms: false })).toEqual(none);
});

test.each([4, 1_441, 7.5, -1])(
  'fails for silence of %p minutes, and names the property of the environment',
  (minutes) => {
    expect(() => stageOf({ ...fixtureOf('trial'), alarms: { silentAfterMinutes: minutes } })).toThrow(
      `alarms.silentAfterMinutes: must be a whole number from 5 to 1440, got ${minutes}. Give the longest pause`,
    );
  },
);
