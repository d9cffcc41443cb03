"""What calls of libraries do beyond computing: who writes, prints, draws random numbers or changes settings.

A library that is not named here is not known, and a call of it is taken to do anything. The tables need not be complete
on the side of what is quiet; what they say of random draws is checked again while the program runs.
"""

from __future__ import annotations

# Libraries whose functions compute from their arguments, but for the names below. (Not networkx and sympy: what they
# give depends on the order of sets, and so on the process.)
QUIET = frozenset(
    "numpy scipy pandas sklearn math cmath statistics itertools functools operator collections re string copy heapq "
    "bisect datetime time fractions decimal hashlib zlib base64 struct textwrap unicodedata difflib json csv glob os "
    "pathlib statsmodels lightgbm xgboost imblearn skimage numba typing dataclasses enum calendar gc pickle "
    "random warnings io shapely pywt Levenshtein rapidfuzz dateutil pytz zoneinfo contextlib types PIL".split()
)

# Dotted names, or prefixes that end in a dot, that do more. `pandas.read_` and the like only read.
LOUD = (
    "numpy.save", "numpy.savez", "numpy.savetxt", "numpy.seterr", "numpy.setbufsize", "numpy.set_printoptions",
    "numpy.memmap", "numpy.lib.format.", "numpy.random.", "numpy.random", "random.", "os.", "pandas.set_option",
    "pandas.options", "pandas.reset_option", "pandas.ExcelWriter", "pandas.HDFStore", "pandas.to_pickle",
    "pandas.read_sql", "pandas.read_clipboard", "pandas.io.", "sklearn.set_config", "sklearn.config_context",
    "json.dump", "pickle.dump", "csv.writer", "csv.DictWriter", "warnings.", "decimal.getcontext",
    "decimal.setcontext", "gc.disable", "gc.enable", "gc.freeze", "gc.set_",
    "scipy.io.", "scipy.sparse.save_npz", "skimage.io.imsave", "skimage.io.show", "lightgbm.plot", "xgboost.plot",
    "contextlib.redirect", "contextlib.chdir", "io.open", "scipy.sparse.random", "scipy.sparse.rand", "pandas.plotting",
    "PIL.ImageShow", "PIL.ImageGrab", "PIL.ImageTk", "PIL.ImageDraw",
    "functools.lru_cache", "functools.cache", "functools.singledispatch", "numpy.printoptions",
)  # fmt: skip
# Libraries that show and log.
SHOWING = frozenset("logging matplotlib seaborn tqdm plotly csv json pickle joblib os rich time tabulate".split())
# Exceptions from them.
CALM = (
    "os.path.", "os.listdir", "os.getenv", "os.stat", "os.fspath", "os.sep", "os.scandir", "os.walk", "os.cpu_count",
    "os.environ.get", "scipy.io.loadmat", "scipy.io.wavfile.read", "json.dumps", "pickle.dumps",
    "warnings.catch_warnings",
    "random.Random", "numpy.random.default_rng", "numpy.random.RandomState", "numpy.random.Generator",
    "numpy.random.SeedSequence", "numpy.random.PCG64", "numpy.random.MT19937", "numpy.random.Philox",
)  # fmt: skip
# Streams of random numbers: quiet when they are given a seed.
STREAMS = frozenset(
    "random.Random numpy.random.default_rng numpy.random.RandomState numpy.random.SeedSequence numpy.random.PCG64 "
    "numpy.random.MT19937 numpy.random.Philox".split()
)
SEEDS = ("random_state", "seed", "rng", "random_seed")
SEEDED_LIBRARIES = (
    "sklearn.",
    "scipy.stats.",
    "scipy.optimize.",
    "imblearn.",
    "skimage.",
    "lightgbm.",
    "xgboost.",
)
# Of these libraries, what draws random numbers unless it is given a seed.
DRAWING = frozenset(
    # scikit-learn: everything that takes random_state and uses it by default
    "AdaBoostClassifier AdaBoostRegressor BaggingClassifier BaggingRegressor BayesianGaussianMixture BernoulliRBM "
    "BisectingKMeans CCA DecisionTreeClassifier DecisionTreeRegressor DictionaryLearning ExtraTreeClassifier "
    "ExtraTreeRegressor ExtraTreesClassifier ExtraTreesRegressor FactorAnalysis FastICA GaussianMixture "
    "GaussianRandomProjection GradientBoostingClassifier GradientBoostingRegressor HalvingGridSearchCV "
    "HalvingRandomSearchCV HistGradientBoostingClassifier HistGradientBoostingRegressor IncrementalPCA IsolationForest "
    "IterativeImputer KBinsDiscretizer KMeans LatentDirichletAllocation LinearSVC LinearSVR LocallyLinearEmbedding MDS "
    "MLPClassifier MLPRegressor MiniBatchDictionaryLearning MiniBatchKMeans MiniBatchNMF MiniBatchSparsePCA "
    "MinCovDet EllipticEnvelope Nystroem PassiveAggressiveClassifier PassiveAggressiveRegressor Perceptron "
    "PolynomialCountSketch QuantileTransformer RANSACRegressor RBFSampler RandomForestClassifier "
    "RandomForestRegressor RandomTreesEmbedding RandomizedSearchCV RepeatedKFold RepeatedStratifiedKFold "
    "SGDClassifier SGDOneClassSVM SGDRegressor SequentialFeatureSelector ShuffleSplit GroupShuffleSplit "
    "SkewedChi2Sampler SparsePCA SparseRandomProjection SpectralBiclustering SpectralClustering SpectralCoclustering "
    "SpectralEmbedding StratifiedShuffleSplit TSNE TargetEncoder TheilSenRegressor TruncatedSVD "
    "train_test_split shuffle resample permutation_importance permutation_test_score mutual_info_classif "
    "mutual_info_regression estimate_bandwidth randomized_svd randomized_range_finder k_means kmeans_plusplus "
    "make_blobs make_classification make_regression make_moons "
    "make_circles make_friedman1 make_friedman2 make_friedman3 make_gaussian_quantiles make_hastie_10_2 "
    "make_low_rank_matrix make_multilabel_classification make_s_curve make_sparse_coded_signal "
    "make_sparse_uncorrelated make_spd_matrix make_sparse_spd_matrix make_swiss_roll make_biclusters "
    "make_checkerboard ParameterSampler "
    # SciPy
    "bootstrap permutation_test monte_carlo_test differential_evolution dual_annealing basinhopping eigs eigsh svds "
    "rvs goodness_of_fit "
    # NetworkX
    "spring_layout gnp_random_graph erdos_renyi_graph fast_gnp_random_graph barabasi_albert_graph "
    "watts_strogatz_graph random_regular_graph louvain_communities "
    # imbalanced-learn, LightGBM's and XGBoost's own defaults are fixed seeds
    "SMOTE ADASYN BorderlineSMOTE RandomOverSampler RandomUnderSampler "
    "random_noise".split()
)
# All that draws of random.Random, RandomState and Generator, and of frames and distributions.
DRAWING_METHODS = frozenset(
    "sample rvs shuffle permutation permuted choice choices randint rand randn random uniform normal gauss integers "
    "standard_normal poisson binomial exponential beta gamma multinomial multivariate_normal randrange getrandbits "
    "betavariate binomialvariate expovariate gammavariate lognormvariate normalvariate paretovariate triangular "
    "vonmisesvariate weibullvariate bytes randbytes lognormal dirichlet geometric laplace logistic weibull "
    "chisquare f gumbel hypergeometric logseries multivariate_hypergeometric negative_binomial "
    "noncentral_chisquare noncentral_f pareto power rayleigh standard_cauchy standard_exponential standard_gamma "
    "standard_t vonmises wald zipf random_sample random_integers ranf tomaxint random_raw".split()
)
# Methods with an effect outside the object.
LOUD_METHODS = frozenset(
    "write writelines writerow writerows to_csv to_excel to_parquet to_pickle to_json to_sql to_hdf to_feather "
    "to_stata "
    "to_latex to_clipboard to_gbq save savefig savetxt save_model dump show plot hist boxplot info debug warning warn "
    "error exception critical log send sendall commit execute executemany executescript mkdir unlink rmdir touch "
    "write_text write_bytes symlink_to hardlink_to chmod acquire release start flush system popen "
    "truncate recv connect bind listen accept submit print tofile setstate seed set_state".split()
)
# Methods that change the object they belong to (beside what is known to change containers).
FITTING = frozenset(
    "fit fit_transform fit_predict fit_resample partial_fit set_params train add_node add_edge add_nodes_from "
    "add_edges_from remove_node remove_edge remove_nodes_from remove_edges_from itemset put sort resize fill setflags "
    "set_value set_flags isetitem step reset add_module load_state_dict add_weighted_edges_from "
    "make_future_dataframe warm_up advance update_params set_config eliminate_zeros sum_duplicates sort_indices".split()
)
# Calls that give something that nobody else holds, whatever they are given.
COPYING = frozenset(
    "copy.deepcopy sklearn.base.clone sklearn.clone numpy.array numpy.copy numpy.zeros numpy.ones numpy.empty "
    "numpy.full "
    "numpy.zeros_like numpy.ones_like numpy.empty_like numpy.full_like numpy.arange numpy.linspace numpy.logspace "
    "numpy.concatenate numpy.vstack numpy.hstack numpy.column_stack numpy.stack numpy.eye numpy.identity numpy.outer "
    "numpy.dot numpy.matmul numpy.where numpy.sort numpy.argsort numpy.unique numpy.cumsum numpy.tile numpy.repeat "
    "numpy.mean numpy.sum numpy.std numpy.exp numpy.log numpy.sqrt numpy.abs numpy.random.default_rng "
    "numpy.random.RandomState "
    "random.Random pandas.concat pandas.read_csv pandas.read_parquet pandas.read_json pandas.read_excel "
    "pandas.read_feather pandas.read_pickle pandas.get_dummies pandas.merge json.load json.loads numpy.load "
    "numpy.loadtxt numpy.genfromtxt collections.defaultdict collections.Counter collections.deque "
    "collections.OrderedDict re.findall re.split".split()
)
COPYING_METHODS = frozenset(
    "copy astype predict predict_proba decision_function merge reset_index sort_values dropna assign rename "
    "drop fillna "
    "agg aggregate sum mean std min max cumsum round to_dict tolist to_list split rsplit strip replace join "
    "format query "
    "apply map pivot_table describe value_counts flatten lower upper read read_text readlines read_bytes splitlines "
    "groupby cumprod diff shift pct_change rank clip isin notna isna get_params kneighbors fit_transform transform "
    "fit_predict unstack stack melt pivot explode nlargest nsmallest sort_index to_frame set_index median var quantile "
    "standard_normal normal integers random uniform choice permutation poisson binomial exponential sample".split()
)
ESTIMATORS = ("sklearn.", "lightgbm.", "xgboost.", "imblearn.")
CHAINS = frozenset("Pipeline FeatureUnion make_pipeline make_union".split())
FACTORIES = frozenset(
    "make_pipeline make_union make_column_transformer make_column_selector namedtuple partial make_scorer".split()
)
# Functions whose results may be, hold or be parts of their arguments.
GIVING_BACK = frozenset(
    "asarray asanyarray atleast_1d atleast_2d atleast_3d ravel reshape squeeze transpose broadcast_to broadcast_arrays "
    "array_split split swapaxes moveaxis rollaxis ascontiguousarray asfortranarray require expand_dims real imag "
    "diagonal flip fliplr flipud rot90 nan_to_num check_array as_float_array check_X_y csr_matrix csc_matrix "
    "coo_matrix csr_array csc_array coo_array lil_matrix dok_matrix partial copy deque defaultdict namedtuple chain "
    "islice cycle repeat product combinations permutations starmap accumulate reduce itemgetter attrgetter choice "
    "heappop nlargest nsmallest vsplit hsplit dsplit".split()
)
# Attributes of library objects through which the object itself is written.
WINDOWS = frozenset("loc iloc at iat values T flat real imag data".split())
# Settings of the process that a worker does not get: where a project touches them, rounds stay in the program.
SETTINGS = frozenset(
    "seterr seterrcall setbufsize set_printoptions set_config config_context set_option reset_option option_context "
    "chdir fchdir putenv unsetenv setlocale getcontext setcontext localcontext setrecursionlimit "
    "set_int_max_str_digits "
    "umask setdefaulttimeout set_start_method setswitchinterval tzset printoptions  "
    "set_num_threads set_default_backend enable_iterative_backend excepthook "
    "displayhook addaudithook settrace setprofile register_parallel_backend parallel_backend parallel_config "
    "threadpool_limits threadpool_info enable_caching".split()
)


def is_quiet(name: str) -> bool:
    """Whether the library function or class of this dotted name computes and does nothing else."""
    if name.split(".", 1)[0] not in QUIET:
        return False
    if any(_matches(name, calm) for calm in CALM):
        return True
    return not any(_matches(name, loud) for loud in LOUD)


def _matches(name: str, pattern: str) -> bool:
    if pattern.endswith((".", "_")):
        return name.startswith(pattern)
    return name == pattern or name.startswith(f"{pattern}.") or (pattern[-4:] == "plot" and name.startswith(pattern))


def draws(name: str) -> bool:
    """Whether the library function or class of this name draws from a global stream unless it is given a seed."""
    last = name.rsplit(".", 1)[-1]
    if name in STREAMS:
        return True
    return name.startswith(SEEDED_LIBRARIES) and (last in DRAWING or last == "rvs")
