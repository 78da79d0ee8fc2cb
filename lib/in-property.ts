/**
 * Runs code whose errors begin with the name of a property, and puts the path of that property before it: `emails: must be …`
 * becomes `notifications.page.emails: must be …`, because a construct does not know where its props stand in an environment. A
 * priority that two constructs share, and props that the stacks compute, are no properties of an environment.
 */
export function inProperty<T>(path: string, code: () => T): T {
  try {
    return code();
  } catch (error) {
    if (
      error instanceof Error &&
      /^(?!priority: \d|plannedAddresses:|clusterName:)[a-z][\w, .[\]]*: /.test(error.message)
    )
      error.message = `${path}.${error.message}`;
    throw error;
  }
}
