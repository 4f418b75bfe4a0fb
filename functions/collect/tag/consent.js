/** Consent: what the visitor allowed, in the words of Google Consent Mode v2, from whoever knows it. */

import { now, safely } from './page.js';
import { obey } from './obey.js';

const SIGNALS = ['ad_storage', 'ad_user_data', 'ad_personalization'];
// Global Privacy Control is the visitor's own word; no banner of a shop outranks it.
const isGpc = navigator.globalPrivacyControl;

let isAnswered = isGpc;

/** The answer, undefined until somebody speaks; what it does not grant is denied. */
export let answer;

/** Storing needs ad_storage, and a page that is seen: one that is prerendered may never be. */
export const maySend = () => answer?.ad_storage === 'granted' && !document.prerendering;
/** Telling an advertiser also needs ad_user_data; the Pixel is held to what the server is. */
export const mayTell = () => maySend() && answer.ad_user_data === 'granted';
/** A default that grants nothing is a question still open: the banner may be up. */
export const isOpen = () => !isAnswered && !maySend();

export const hear = (said, source = 'api', isDefault) => {
  const heard = SIGNALS.filter((signal) => /^(grant|deni)ed$/.test(said[signal]));
  // Consent Mode also speaks of analytics; that is no answer to our question.
  if (!heard[0] || isGpc || (isDefault && isAnswered)) return;
  isAnswered = !isDefault;
  answer = { ...answer, source, at: said.at ?? now() };
  for (const signal of heard) answer[signal] = said[signal];
  obey();
};

let isRegional;

/** Hear gtag('consent', kind, said): what Google Consent Mode says. */
export const hearConsentMode = (kind, said) => {
  const isDefault = kind === 'default';
  // We cannot tell where the visitor is, so beside a default for some regions
  // a default for the rest of the world grants nothing.
  isRegional ||= said.region;
  if (!isDefault || !isRegional) hear(said, 'consent_mode', isDefault);
  else if (!isAnswered) answer = undefined;
};

/**
 * Hear what a consent platform of IAB's TCF v2 says, in Google's own translation.
 *
 * Storage is purpose 1, user data 1 and 7, personalisation 3 and 4
 * (https://developers.google.com/tag-platform/security/guides/implement-TCF-strings). Where the
 * platform says that the GDPR does not apply, it asks nobody, and nothing is denied.
 */
export const followTcf = () =>
  window.__tcfapi?.('addEventListener', 2, safely(({ eventStatus, gdprApplies, purpose }) => {
    const says = (...purposes) =>
      gdprApplies === false || purposes.every((n) => purpose.consents[n]) ? 'granted' : 'denied';
    // While the banner is up (cmpuishown) nothing is answered.
    if (/^(tcl|use)/.test(eventStatus)) {
      hear({ ad_storage: says(1), ad_user_data: says(1, 7), ad_personalization: says(3, 4) }, 'tcf');
    }
  }));
