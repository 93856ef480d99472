/** Filters of lists of cases, by the names that the server and the address bar give them. */
export const CASE_FILTERS = ['text', 'unit', 'grid', 'item', 'from', 'to', 'flagged', 'overdue', 'appealed', 'month', 'sort', 'state'] as const

export type CaseFilterName = (typeof CASE_FILTERS)[number]
