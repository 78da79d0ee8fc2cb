/**
 * Returns how many periods an invocation asks for: undefined for a run of the schedule, whose event has no `ticks`.
 *
 * @param most periods that a whole run has
 * @throws if the event is neither undefined, null nor an object, or its `ticks` is not a whole number from 1 to `most`
 */
export function requestedTicks(event: unknown, most: number): number | undefined {
  if (event === undefined || event === null) return undefined;
  if (typeof event !== 'object' || Array.isArray(event)) {
    throw new Error(`event: must be an object, got ${JSON.stringify(event)}. Give {"ticks":1}, or {} for a whole run.`);
  }
  if (!('ticks' in event)) return undefined;
  const { ticks } = event;
  if (typeof ticks === 'number' && Number.isInteger(ticks) && ticks >= 1 && ticks <= most) return ticks;
  throw new Error(
    `ticks: must be a whole number from 1 to ${most}, which a run has, got ${JSON.stringify(ticks)}. ` +
      'Give {"ticks":1}, or {} for a whole run.',
  );
}
