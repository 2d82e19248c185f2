/* aeolia.runtime.conditioning for one hop at a time and linked channels: the offset of each channel
 * and one gain for all, learned from what has come so far. */

@CONSTANTS@
typedef struct {
    /* Of each channel: the mean of the last seconds, and one that remembers for long. */
    double recent[CHANNELS], recent_weight[CHANNELS], mean[CHANNELS], weight[CHANNELS];
    double differ[CHANNELS], applied[CHANNELS];
    int sure[CHANNELS], heard[CHANNELS];
    /* The level of what is active, and the gain that follows from it. */
    double levels_db[N_RECENT];
    int n_levels;
    double floor_db, level_db, gain_db, moving_seconds, rising_seconds;
    double gain, loudest_db;
    int first;
    int at;                   /* in `inside`, where the next hop's gains go */
    float inside[DELAY + HOP]; /* gains of what is still inside the network */
} Conditioning;

static void conditioning_reset(Conditioning *s)
{
    memset(s, 0, sizeof *s);
    s->floor_db = INFINITY;
    s->level_db = -INFINITY;
    s->gain = 1.0;
    s->first = 1;
    for (int i = 0; i < DELAY + HOP; i++)
        s->inside[i] = 1.0f;
}

/* Whether a recording begins with a hop of this level, and nothing was before. */
static int begins(double before_db, double level_db)
{
    return before_db < fmin(NOTHING_DB, level_db - BEGINS_DB);
}

/* A hop's mean and power into what is known of channel c's offset. */
static void learn_offset(Conditioning *s, int c, double mean, double power)
{
    const int heard = power > SILENCE_POWER;
    const double about = s->recent_weight[c] > 0.0 ? s->recent[c] : mean;
    const double around = power - 2.0 * about * mean + about * about;
    /* One over the variance that the mean has without an offset. */
    const double variance = MEAN_VARIANCE * around + (mean - about) * (mean - about);
    const double weight = heard ? 1.0 / (variance + 1e-8 * power + 1e-14) : 0.0;
    double total = fmin(s->recent_weight[c], MOST_HOPS * weight) + weight;
    s->recent[c] += (heard ? weight / total : 0.0) * (mean - s->recent[c]);
    if (heard)
        s->recent_weight[c] = total;
    total = KEEP * s->weight[c] + weight;
    const double known = s->mean[c] + (heard ? weight / total : 0.0) * (mean - s->mean[c]);
    const double apart = s->recent[c] - known;
    const int differs = apart * apart > DIFFERENT * DIFFERENT * around;
    if (heard)
        s->differ[c] = differs ? s->differ[c] + 1.0 : 0.0;
    const int changed = s->differ[c] >= CHANGED_HOPS;
    s->mean[c] = changed ? s->recent[c] : known;
    if (heard)
        s->weight[c] = changed ? s->recent_weight[c] : total;
    if (s->recent[c] * s->recent[c] * s->recent_weight[c] > SIGNIFICANT * SIGNIFICANT)
        s->sure[c] = 1;
}

/* The level that the loudest N_REACHED of the last hops reach. */
static double reached(Conditioning *s, double hop_db)
{
    if (s->n_levels == N_RECENT)
        memmove(s->levels_db, s->levels_db + 1, (N_RECENT - 1) * sizeof(double));
    else
        s->n_levels++;
    s->levels_db[s->n_levels - 1] = hop_db;
    const int rank = N_REACHED < s->n_levels ? N_REACHED : s->n_levels;
    for (int i = 0; i < s->n_levels; i++) {
        int above = 0, same = 0;
        for (int j = 0; j < s->n_levels; j++) {
            above += s->levels_db[j] > s->levels_db[i];
            same += s->levels_db[j] == s->levels_db[i];
        }
        if (above < rank && rank <= above + same)
            return s->levels_db[i];
    }
    return hop_db;
}

/* Move the gain where it is needed, and for a second more; otherwise leave it alone. */
static void adjust(Conditioning *s, int active)
{
    double needed_db = fmin(USUAL_DB - s->level_db, MOST_GAIN_DB);
    if (-LOUDEST_DB <= needed_db && needed_db <= FREE_DB)
        needed_db = 0.0;
    else if (needed_db < 0.0)
        needed_db += LOUD_DB;
    if (fabs(needed_db - s->gain_db) > FREE_DB)
        s->moving_seconds = MOVING_SECONDS;
    if (s->moving_seconds > 0.0) {
        const int rises = active && s->rising_seconds <= 0.0;
        const double rate = s->level_db < QUIET_DB ? FAST_DB : RISE_DB;
        const double rise_db = rises ? rate * HOP_SECONDS : 0.0;
        s->gain_db = fmin(needed_db, s->gain_db + rise_db);
        s->moving_seconds -= active ? HOP_SECONDS : 0.0;
    }
    s->rising_seconds -= HOP_SECONDS;
}

/* The gain at the end of a hop of this level, in dB. */
static double next_gain(Conditioning *s, double hop_db)
{
    if (s->level_db == -INFINITY && begins(s->floor_db, hop_db)) {
        s->n_levels = 0;
        s->floor_db = INFINITY;
    }
    const double reached_db = reached(s, hop_db);
    s->floor_db = fmin(s->floor_db + FLOOR_DB * HOP_SECONDS, hop_db);
    const int active = fmin(reached_db, hop_db) > s->floor_db + ACTIVE_DB;
    if (reached_db <= s->level_db + 1.0) {
        const double fall_db = active ? FALL_DB * HOP_SECONDS : 0.0;
        s->level_db = fmax(reached_db, s->level_db - fall_db);
    } else if (active || reached_db > USUAL_DB + LOUDEST_DB) {
        s->level_db = reached_db;
        s->rising_seconds = RISING_SECONDS;
    }
    adjust(s, active);
    double gain_db = s->gain_db;
    if (gain_db > 0.0)
        gain_db = fmin(gain_db, fmax(0.0, USUAL_DB + BOOSTED_DB - hop_db));
    return fmin(gain_db, USUAL_DB + LOUDEST_DB - hop_db);
}

/* Gains of a hop's samples, of its power. */
static double track_gain(Conditioning *s, double power)
{
    const double gain_db = power > SILENCE_POWER ? next_gain(s, 10.0 * log10(power)) : s->gain_db;
    const double target = pow(10.0, gain_db / 20.0);
    const double before = s->first ? target : s->gain;
    /* A gain that falls has fallen where the hop begins: what made it fall is in there. */
    const double start = fmin(before, target);
    float *gains = s->inside;
    for (int i = 0; i < HOP; i++) {
        const double gain = start + (target - start) * ((double)(i + 1) / HOP);
        gains[(s->at + i) % (DELAY + HOP)] = (float)(i + 1 == HOP ? target : gain);
    }
    s->first = 0;
    s->gain = target;
    return target;
}

/* A hop [channels, HOP] as the network is to get it. Whether a recording begins with it that was
 * silent so far, or nearly: then a network is to forget. */
static int conditioning_enter(Conditioning *s, float *hops, int channels)
{
    double power[CHANNELS], largest = 0.0;
    for (int c = 0; c < channels; c++) {
        float *hop = hops + c * HOP;
        double sum = 0.0, squares = 0.0;
        for (int i = 0; i < HOP; i++) {
            sum += hop[i];
            squares += (double)hop[i] * hop[i];
        }
        const double mean = sum / HOP;
        power[c] = squares / HOP;
        learn_offset(s, c, mean, power[c]);
        /* Digital silence has no offset, and one that begins after it is there at once. */
        const int heard = power[c] > SILENCE_POWER;
        const double offset = s->sure[c] && heard ? s->mean[c] : 0.0;
        const double before = !heard ? 0.0 : s->heard[c] ? s->applied[c] : offset;
        s->applied[c] = offset;
        s->heard[c] = heard;
        power[c] = fmax(power[c] - 2.0 * offset * mean + offset * offset, 0.0);
        largest = fmax(largest, power[c]);
        if (offset != 0.0 || before != 0.0)
            for (int i = 0; i < HOP; i++)
                hop[i] = (float)(hop[i] - (before + (offset - before) * ((double)(i + 1) / HOP)));
    }
    const double gain = track_gain(s, largest);
    for (int c = 0; c < channels; c++)
        for (int i = 0; i < HOP; i++)
            hops[c * HOP + i] *= s->inside[(s->at + i) % (DELAY + HOP)];
    s->at = (s->at + HOP) % (DELAY + HOP); /* now where the gains of DELAY samples ago begin */
    const double level_db = 10.0 * log10(fmax(largest * gain * gain, SILENCE_POWER));
    const double before_db = s->loudest_db;
    s->loudest_db = fmax(level_db, before_db - FORGET_DB);
    return begins(before_db, level_db);
}

/* What a network made of what entered, each sample at its own level again. */
static void conditioning_leave(Conditioning *s, float *hops, int channels)
{
    for (int c = 0; c < channels; c++)
        for (int i = 0; i < HOP; i++)
            hops[c * HOP + i] /= s->inside[(s->at + i) % (DELAY + HOP)];
}
