//! Word lists of the demonstration. All names are invented; the bureaus are the bodies every district has.
//!
//! Data only: how words are put together is said where they are used.

/// First characters of trade names (字号).
pub(super) const TRADE_FIRST: [&str; 24] = [
    "岚", "澄", "禾", "棠", "霁", "沐", "苇", "岫", "汀", "槿", "砚", "谷", "朗", "穗", "栖", "麦", "柏",
    "桐", "芸", "溪", "映", "晴", "拾", "知",
];

/// Second characters of trade names; none is also a first one.
pub(super) const TRADE_SECOND: [&str; 24] = [
    "川", "原", "田", "屿", "舟", "畔", "坪", "樾", "泽", "石", "和", "远", "润", "丰", "盛", "安", "园",
    "庭", "里", "湾", "台", "岭", "荷", "宁",
];

/// Surnames (姓).
pub(super) const SURNAMES: [&str; 32] = [
    "王", "李", "张", "刘", "陈", "杨", "赵", "黄", "周", "吴", "徐", "孙", "马", "朱", "郭", "何", "林",
    "高", "梁", "郑", "谢", "宋", "唐", "许", "韩", "冯", "程", "曹", "彭", "曾", "田", "董",
];

/// Given names (名).
pub(super) const GIVEN_NAMES: [&str; 40] = [
    "景和", "思远", "云舟", "书禾", "若溪", "承安", "清越", "望舒", "知夏", "子牧", "明川", "秋实", "一帆",
    "雨桐", "志恒", "文柏", "佳宁", "晓岚", "立春", "静姝", "修远", "昕然", "嘉木", "语冰", "长庚", "初霁",
    "向晚", "怀谷", "行简", "以禾", "守拙", "新月", "南星", "念安", "致远", "采薇", "松涛", "映雪", "乐山",
    "庭芳",
];

/// Makers' series of fume purifiers.
pub(super) const PURIFIER_SERIES: [&str; 4] = ["YJ-4K", "YJ-6K", "JD-8K", "JD-12K"];

/// Works on sites, each with its `site_type`.
pub(super) const SITE_WORKS: [(&str, &str); 12] = [
    ("住宅楼工程", "building"),
    ("安置房工程", "building"),
    ("标准化厂房工程", "building"),
    ("教学楼工程", "building"),
    ("商务楼工程", "building"),
    ("养老服务中心工程", "building"),
    ("旧厂房拆除工程", "demolition"),
    ("老旧楼院拆迁工程", "demolition"),
    ("雨污管网工程", "municipal"),
    ("道路改造工程", "municipal"),
    ("供热管线工程", "municipal"),
    ("绿化提升工程", "municipal"),
];

/// Stockpiles, each with its material.
pub(super) const YARDS: [(&str, &str); 8] = [
    ("砂石料场", "砂石"),
    ("水泥制品料场", "水泥、砂石"),
    ("煤炭堆场", "原煤"),
    ("石灰石堆场", "石灰石"),
    ("粉煤灰堆场", "粉煤灰"),
    ("建材堆场", "砖、砌块"),
    ("沥青拌和料场", "石料、沥青"),
    ("再生骨料堆场", "再生骨料"),
];

/// Crops of straw points.
pub(super) const CROPS: [&str; 4] = ["小麦", "玉米", "大豆", "花生"];

/// Where a field lies from its community.
pub(super) const FIELD_SIDES: [&str; 5] = ["东片", "西片", "南片", "北片", "中片"];

/// Kinds of restaurant.
pub(super) const RESTAURANTS: [&str; 14] = [
    "烩面馆",
    "饺子馆",
    "羊汤馆",
    "烧饼铺",
    "砂锅店",
    "火锅店",
    "刀削面馆",
    "早餐店",
    "快餐店",
    "家常菜馆",
    "小炒店",
    "饭庄",
    "烤鱼店",
    "农家院",
];

/// Who runs boilers.
pub(super) const BOILER_OWNERS: [&str; 8] =
    ["宾馆", "浴池", "食品厂", "供热站", "豆制品厂", "洗涤厂", "养殖场", "木业公司"];

/// Enterprises, each with its industry.
pub(super) const ENTERPRISES: [(&str, &str); 12] = [
    ("新型建材有限公司", "建材"),
    ("碳素制品有限公司", "碳素"),
    ("耐火材料有限公司", "耐火材料"),
    ("机械铸造有限公司", "铸造"),
    ("水泥制品有限公司", "水泥制品"),
    ("化工科技有限公司", "化工"),
    ("包装印刷有限公司", "包装印刷"),
    ("金属加工有限公司", "金属加工"),
    ("家具制造有限公司", "家具"),
    ("橡塑制品有限公司", "橡塑"),
    ("纸制品有限公司", "造纸"),
    ("饲料有限公司", "饲料"),
];

/// What bare land waits for.
pub(super) const BARE_LAND: [&str; 5] = ["待建地块", "拆后空地", "收储地块", "临时停车场", "取土场"];

/// Classes of road.
pub(super) const ROADS: [&str; 4] = ["路", "街", "大道", "巷"];

/// Other places that are looked at.
pub(super) const OTHER_PLACES: [&str; 8] =
    ["农贸市场", "便利店", "烟酒店", "文化广场", "游园", "夜市", "垃圾中转站", "汽修店"];
