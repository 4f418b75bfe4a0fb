/** Visitor: the hashes of who he says to be, once he says it. */

import { hold, letGo } from './obey.js';
import { load, warn } from './page.js';

/** For the events that follow; what has not been sent yet waits for them. */
export let who;

export const identify = async (said) => {
  hold();
  try {
    who = { ...who, ...(await (await load('tag_identity.js')).hashed(said)) };
  } catch (error) {
    warn(error);
  }
  letGo();
};
