/** What the browser remembers for us; a browser that forbids it is no reason to fail. */

/**
 * Wrap localStorage or sessionStorage; where it is closed or full, remember for this page only.
 *
 * `open` returns the storage; it may throw, as reading the window's property does.
 */
export const makeMemory = (open) => {
  const spare = {};
  return {
    get(key) {
      try {
        return spare[key] ?? JSON.parse(open().getItem(key));
      } catch {
        return null;
      }
    },
    /** Tell whether it will outlive the page; null forgets. */
    set(key, value) {
      delete spare[key];
      try {
        if (value === null) open().removeItem(key);
        else open().setItem(key, JSON.stringify(value));
        return true;
      } catch {
        spare[key] = value;
        return false;
      }
    },
  };
};

/**
 * Tell whether this is the first time of `key` in this browser; false when it cannot know.
 *
 * A Purchase that the Pixel leaves out is still reported by the server; one too many is wrong.
 */
export const isFirstTime = (key, memory, page) => {
  const name = `settled_${key}`;
  const isInCookie = () => page.cookie.includes(`${name}=`);
  if (memory.get(name) || isInCookie()) return false;
  if (memory.set(name, 1)) return true;
  page.cookie = `${name}=1;path=/;max-age=7776000;samesite=lax`; // 90 days, as our other cookies.
  return isInCookie();
};
