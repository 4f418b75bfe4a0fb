// A consent platform's stub of IAB's TCF v2, with all of it that anybody can see from outside.
window.cmp = { listeners: [], said: { eventStatus: 'cmpuishown', gdprApplies: true, purpose: { consents: {} } } };
window.__tcfapi = function (command, version, callback) {
  if (command !== 'addEventListener' || version !== 2) return callback(null, false);
  cmp.listeners.push(callback);
  callback(cmp.said, true);
};
cmp.answer = function (status, granted) {
  var consents = {};
  for (var purpose = 1; purpose <= 11; purpose += 1) consents[purpose] = granted;
  cmp.said = { eventStatus: status, gdprApplies: true, purpose: { consents: consents } };
  cmp.listeners.forEach(function (listener) { listener(cmp.said, true); });
};
