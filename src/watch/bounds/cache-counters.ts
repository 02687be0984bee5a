/** Counters of one cache since it was created. Plain numbers, written by its parts, read by `stats()`. */
export class CacheCounters {
  eventsReceived = 0;
  eventsDelivered = 0;
  repeatedEvents = 0;
  missedEvents = 0;
  parked = 0;
  replays = 0;
  fills = 0;
  relists = 0;
  sourceFailures = 0;
  watchReopens = 0;
  etcdReads = 0;
  etcdReadsShared = 0;
  freshReads = 0;
  freshTimeouts = 0;
  selfChecks = 0;
  selfCheckFailures = 0;
  restoresNoticed = 0;
}
