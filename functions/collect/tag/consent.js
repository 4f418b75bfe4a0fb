/** Consent: what the visitor allowed, in the words of Google Consent Mode v2. */

const SIGNALS = ['ad_storage', 'ad_user_data', 'ad_personalization'];
const REFUSED = Object.fromEntries(SIGNALS.map((signal) => [signal, 'denied']));

/**
 * Keep the visitor's answer and tell `changed` of each new one.
 *
 * `answer` is undefined until somebody speaks. `now` gives whole Unix seconds.
 */
export const makeConsent = ({ gpc, now, changed }) => {
  let isAnswered = gpc;
  const consent = {
    // Global Privacy Control is the visitor's own word; no banner of a shop outranks it.
    answer: gpc ? { ...REFUSED, source: 'gpc', at: now() } : undefined,
    /** Storing needs ad_storage. */
    maySend: () => consent.answer?.ad_storage === 'granted',
    /** Telling an advertiser also needs ad_user_data; the Pixel is held to what the server is. */
    mayTell: () => consent.maySend() && consent.answer.ad_user_data === 'granted',

    /** A default that grants nothing is a question still open: the banner may be up. */
    isOpen: () => !isAnswered && !consent.maySend(),

    hear(said, source = 'api', isDefault = false) {
      const heard = SIGNALS.filter((s) => ['granted', 'denied'].includes(said?.[s]));
      // Consent Mode also speaks of analytics; that is no answer to our question.
      if (!heard.length || gpc || (isDefault && isAnswered)) return;
      isAnswered = !isDefault;
      const signals = Object.fromEntries(heard.map((s) => [s, said[s]]));
      consent.answer = { ...consent.answer, ...signals, source, at: said.at ?? now() };
      changed();
    },
  };
  return consent;
};

/** Read what Google Consent Mode has said in the dataLayer, and what it will say. */
export const followConsentMode = (dataLayer, hear) => {
  const isRegional = (entry) => entry?.[0] === 'consent' && entry[2]?.region;
  // We cannot tell where the visitor is, so beside a default for some regions
  // a default for the rest of the world grants nothing.
  let regional = dataLayer.some(isRegional);
  const read = (entry) => {
    if (entry?.[0] !== 'consent') return;
    regional ||= isRegional(entry);
    const isDefault = entry[1] === 'default';
    if (entry[1] === 'update' || (isDefault && !regional)) hear(entry[2], 'consent_mode', isDefault);
  };
  dataLayer.forEach(read);
  const push = dataLayer.push;
  dataLayer.push = (...entries) => {
    const length = push.apply(dataLayer, entries);
    entries.forEach(read);
    return length;
  };
};
