/** Session: the name collect gave this visitor, for the shop to pass on to its checkout. */

const SESSION = 'settled_session';

/** Keep the session's id for the tab, and give it to whoever asked as soon as it may be given. */
export const makeSession = ({ memory, consent }) => {
  let id = memory.get(SESSION);
  let asking = [];
  const session = {
    id: () => id,
    remember(named) {
      if (!named || !consent.maySend()) return;
      memory.set(SESSION, (id = named));
      session.tell();
    },
    give(callback) {
      asking.push(callback);
      session.tell();
    },
    tell() {
      if (id && consent.maySend()) asking.splice(0).forEach((callback) => callback(id));
    },
    forget() {
      memory.set(SESSION, (id = null));
    },
  };
  return session;
};
