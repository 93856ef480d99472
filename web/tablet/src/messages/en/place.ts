import type zh from '../zh/place'

const place: typeof zh = {
  searching: 'Finding the position…',
  denied: "No permission for the position. Allow it for this site in the browser's settings.",
  unavailable: 'No position signal for now',
  accuracy: 'accurate to about {metres} m',
  coarse: 'poor accuracy; wait a moment in the open',
  far: '{distance} from where the target is registered: is it the right one?',
  veryFar: '{distance} from where the target is registered: it will be marked as doubtful',
  taken: 'taken {at}',
  longBefore: 'Taken long before the visit ({at}): it may be of another place',
  longAfter: 'Taken long after the visit ({at}): it may be of another place',
  fix: 'Position',
  refresh: 'Take it again',
  none: 'Without a position it can be sealed and is marked as doubtful',
}

export default place
