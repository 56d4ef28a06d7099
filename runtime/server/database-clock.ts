import { sql } from 'kysely'

/**
 * When the database was asked, by its own clock: the one clock that all control planes share. What several of them judge by its
 * age is written with it, and read together with it.
 */
export const databaseNow = sql<Date>`statement_timestamp()`

/** A moment by the database's clock as one of this process: it is as long ago. */
export const onOwnClock = (at: Date, askedAt: Date, now = new Date()): Date =>
  new Date(now.getTime() - (askedAt.getTime() - at.getTime()))
